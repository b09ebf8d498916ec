//! An invented month in the layout of the real ones.

use apportion::Epoch;
use apportion_import::retro_funding::{Options, Track, import};
use serde_json::json;

use crate::folder::{Folder, gzip};

const TOOLS_YAML: &str = "
data_snapshot:
  data_dir: 'results/S9/M1/data/'
  devtooling_projects: 'tools.csv'
  utility_labels: 'devtooling__utility_labels.csv'
simulation:
  alpha: 0.5
  novelty: 3
  utility_weights:
  event_type_weights:
    npm: 1.0 # packages
  eligibility_thresholds:
    num_projects_with_package_links: 3
    num_stars: 4
allocation:
  budget: 1333333.3333333333
  min_amount_per_project: 200
  max_share_per_project: 0.05
";

const ONCHAIN_YAML: &str = "
simulation:
  periods: { previous: 'Feb 2026', current: 'Mar 2026' }
  eligibility_filter: true
  percentile_cap: 98.5
allocation: { budget: 1300000, min_amount_per_project: 200, max_share_per_project: 0.05 }
";

pub(super) fn month() -> Folder {
    Folder::new()
        .with("weights/devtooling__arcturus.yaml", TOOLS_YAML)
        .with("weights/onchain__goldilocks.yaml", ONCHAIN_YAML)
        .with("data/tools.csv", "star_count,project_name,project_id,display_name,remark\n7,t-name,tool,Tool,x\n,b-name,both,,\n")
        .with("data/devtooling__onchain_metadata.csv", "project_id,total_gas_fees\nboth,1.5\nbridge,2\n")
        .with("data/devtooling__dependency_graph.csv", "dependency_source,onchain_builder_project_id,devtooling_project_id\nNPM,bridge,tool\nRUST,stranger,tool\n")
        .with(
            "data/devtooling__developer_graph.csv.gz",
            gzip(b"event_type,bucket_month,developer_id,project_id\nCOMMIT_CODE,2026-02-01,dev,both\nSTARRED,2026-04-01,dev,nowhere\nFORKED,2026-03-01,eve,tool\n"),
        )
        .with("data/devtooling__utility_labels.csv", "recommendation,project_name\nFrameworks,t-name\n")
        .with("data/onchain__project_metadata.csv", "is_eligible,project_id,project_name,gas_fees,badge\nTrue,a,A,3,x\n,b,B,,y\n")
        .with("data/onchain__metrics_by_project.csv", "amount,metric_name,chain,project_id,sample_date\n5.5,gas,BASE,a,2026-03-01\n,gas,BASE,c,2026-02-01\n")
}

fn edges(epoch: &Epoch, label: &str, metric: &str) -> Vec<String> {
    let id = |node: u32| epoch.node_ids().get(node as usize).unwrap();
    let edge = |row: usize| {
        format!(
            "{} > {} {} {} @{} {metric}={} row={}",
            id(epoch.edge_source()[row]),
            id(epoch.edge_target()[row]),
            epoch.edge_kinds().get(epoch.edge_kind()[row] as usize).unwrap(),
            epoch.edge_label(label).unwrap().word(row),
            epoch.edge_time()[row],
            epoch.edge_metric(metric).unwrap()[row],
            epoch.edge_metric("row").unwrap()[row],
        )
    };
    (0..epoch.edge_count()).map(edge).collect()
}

fn nodes(epoch: &Epoch, labels: &[&str]) -> Vec<String> {
    let node = |row: usize| {
        let kind = epoch.node_kinds().get(epoch.node_kind()[row] as usize).unwrap();
        let words = labels.iter().map(|label| epoch.node_label(label).unwrap().word(row));
        let words: Vec<&str> = words.collect();
        format!("{} {kind} {}", epoch.node_ids().get(row).unwrap(), words.join("/"))
    };
    (0..epoch.node_count()).map(node).collect()
}

#[test]
fn the_track_of_developer_tools() {
    let folder = month();
    let month = import(folder.path(), Track::Devtooling, &Options::default()).unwrap();
    let epoch = &month.epoch;
    assert_eq!(
        (epoch.number(), epoch.window().start, epoch.window().end),
        (14, 1_772_323_200, 1_775_001_600)
    );
    assert_eq!(epoch.pool().to_string(), "1333333.3333333333 OP");
    assert_eq!(
        epoch.payees().iter().zip(epoch.payee_names().iter()).collect::<Vec<_>>(),
        [("both", ""), ("tool", "Tool")]
    );
    assert_eq!(
        nodes(epoch, &["listed", "utility"]),
        [
            "both project both/",
            "bridge project onchain/",
            "dev developer /",
            "eve developer /",
            "stranger project /",
            "tool project devtooling/Frameworks"
        ]
    );
    assert_eq!(epoch.node_metric("devtooling.star_count"), Some(&[0.0, 0.0, 0.0, 0.0, 0.0, 7.0][..]));
    assert_eq!(epoch.node_metric("onchain.total_gas_fees"), Some(&[1.5, 2.0, 0.0, 0.0, 0.0, 0.0][..]));
    assert_eq!(
        edges(epoch, "event", "row"),
        [
            "both > dev onchain-project-to-developer COMMIT_CODE @1769904000 row=0 row=0",
            "bridge > tool package-dependency NPM @1775001600 row=0 row=0",
            "dev > both developer-to-devtooling-project COMMIT_CODE @1769904000 row=0 row=0",
            "eve > tool developer-to-devtooling-project FORKED @1772323200 row=2 row=2",
            "stranger > tool package-dependency RUST @1775001600 row=1 row=1",
        ]
    );
    assert_eq!(month.policy, "optimism-devtooling");
    let expected = json!({
        "simulation": {
            "alpha_onchain": 0.5, "alpha_devtooling": 0.5, "event_type_weights": { "npm": 1.0 },
            "eligibility_thresholds": { "num_projects_with_package_links": 3 },
        },
        "allocation": { "min_amount_per_project": 200, "max_share_per_project": 0.05 },
    });
    assert_eq!(month.parameters, expected);
    assert_eq!(
        month.notes,
        [
            "the parameter `simulation.eligibility_thresholds.num_stars` is not one of the rule's and is left out",
            "the parameter `simulation.novelty` is not one of the rule's and is left out",
            "the column `remark` of data/devtooling__project_metadata.csv holds no numbers and is left out",
            "rows of the developer graph that are left out because their project is in neither list: 1",
            "the data reaches into Apr 2026, after the month that is paid for, Mar 2026",
        ]
    );
}

#[test]
fn the_track_of_onchain_builders() {
    let folder = month();
    let options = Options { number: Some(99), pool: Some("0.5".to_owned()), ..Options::default() };
    let month = import(folder.path(), Track::Onchain, &options).unwrap();
    let epoch = &month.epoch;
    assert_eq!((epoch.number(), epoch.pool().to_string().as_str()), (99, "0.5 OP"));
    assert_eq!(
        nodes(epoch, &["eligible"]),
        ["a project True", "b project ", "c project ", "chain:BASE chain "]
    );
    assert_eq!(epoch.payees().iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(
        edges(epoch, "period", "amount"),
        [
            "chain:BASE > a gas Mar 2026 @1772323200 amount=5.5 row=0",
            "chain:BASE > c gas Feb 2026 @1769904000 amount=0 row=1"
        ]
    );
    assert_eq!(
        month.parameters["simulation"]["periods"],
        json!({ "previous": "Feb 2026", "current": "Mar 2026" })
    );
    assert_eq!(month.parameters["simulation"]["percentile_cap"], json!(98.5));
    assert_eq!(
        month.notes,
        ["the column `badge` of data/onchain__project_metadata.csv holds no numbers and is left out"]
    );
}

#[test]
fn what_is_missing_or_wrong_is_named_at_once() {
    let folder = Folder::new()
        .with("data/devtooling__project_metadata.csv", "project_id,star_count\n")
        .with("data/devtooling__onchain_metadata.csv", "project_id\n");
    let error = import(folder.path(), Track::Devtooling, &Options::default()).unwrap_err().to_string();
    let expected = "the input has 4 problems:
  weights/devtooling__*.yaml: there is no such file
  data/devtooling__project_metadata.csv, column `project_name`: there is no such column; there are `project_id`, `star_count`
  data/devtooling__dependency_graph.csv: there is no such file
  data/devtooling__developer_graph.csv: there is no such file";
    assert_eq!(error, expected);

    let folder = month()
        .with("data/tools.csv", "project_id,project_name,star_count\ntool,t,1\ntool,t,inf\n")
        .with("data/devtooling__developer_graph.csv.gz", gzip(b"event_type,bucket_month,developer_id,project_id\nSTARRED,March,dev,tool\nSTARRED,2026-03-01,,tool\n"));
    let error = import(folder.path(), Track::Devtooling, &Options::default()).unwrap_err().to_string();
    let expected = "the input has 4 problems:
  data/devtooling__project_metadata.csv, row 3, column `star_count`: `inf` is not a finite number
  data/devtooling__project_metadata.csv, row 3, column `project_id`: `tool` is there twice
  data/devtooling__developer_graph.csv, row 2, column `bucket_month`: `March` is not a time: write `2025-07-01`, `2025-07-01T12:00:00Z` or seconds since 1970
  data/devtooling__developer_graph.csv, row 3, column `developer_id`: is empty";
    assert_eq!(error, expected);

    let twice = month().with("weights/onchain__other.yaml", "");
    let error = import(twice.path(), Track::Onchain, &Options::default()).unwrap_err().to_string();
    assert!(
        error.ends_with("there is more than one: `onchain__goldilocks.yaml` and `onchain__other.yaml`"),
        "{error}"
    );
    let broken = month().with("weights/onchain__goldilocks.yaml", "simulation: {a: 1, a: 2}");
    let error = import(broken.path(), Track::Onchain, &Options::default()).unwrap_err().to_string();
    assert!(error.starts_with("weights/onchain__goldilocks.yaml: is not YAML that can be read: "), "{error}");
}
