//! The example of the README and its variants, by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use apportion_guest::{Allocation, Division, Edge, Epoch, EpochBuilder, Node, run};
use influence::Influence;

/// Payees: ann, bob, cyd, dan, hub, lab.
fn example() -> EpochBuilder {
    let listed = |output, point, score, error| {
        Edge::new(output, point, "influenced-by").metric("influence", score).metric("error", error)
    };
    let point = |id, set, by| [Edge::new(id, set, "part-of"), Edge::new(id, by, "contributed-by")];
    let mut epoch = Epoch::builder()
        .pool(4000)
        .node(Node::new("answer:1", "output").payee("hub").metric("fee", 0.03))
        .node(Node::new("answer:2", "output").payee("hub").metric("fee", 0.01))
        .node(Node::new("base", "model").payee("lab"))
        .node(Node::new("law", "adapter").payee("ann"))
        .node(Node::new("poems", "data-set"))
        .node(Node::new("web", "data-set"))
        .node(Node::new("poems:1", "data-point").metric("quality", 1.0))
        .node(Node::new("poems:2", "data-point").metric("quality", 2.0))
        .node(Node::new("web:1", "data-point").metric("quality", 1.0))
        .node(Node::new("web:2", "data-point").metric("quality", 1.0))
        .edge(Edge::new("answer:1", "base", "generated-by"))
        .edge(Edge::new("answer:2", "base", "generated-by"))
        .edge(Edge::new("answer:1", "law", "used"))
        .edge(listed("answer:1", "poems:1", 3.0, 0.3))
        .edge(listed("answer:1", "poems:2", 1.0, 0.8))
        .edge(listed("answer:1", "web:1", 4.0, 0.2))
        .edge(listed("answer:1", "web:2", -2.0, 0.1))
        .edge(listed("answer:2", "web:1", 1.0, 0.5));
    for person in ["bob", "cyd", "dan"] {
        epoch = epoch.node(Node::new(person, "person").payee(person));
    }
    let points = [
        point("poems:1", "poems", "bob"),
        point("poems:2", "poems", "cyd"),
        point("web:1", "web", "cyd"),
        point("web:2", "web", "dan"),
    ];
    points.into_iter().flatten().fold(epoch, EpochBuilder::edge)
}

const PORTIONS: &str = r#""portions": {"platform": 10, "model": 30, "adapters": 10, "data": 50}"#;

fn allocation(epoch: EpochBuilder, more: &str) -> Allocation {
    run::<Influence>(&epoch.build().unwrap(), &format!("{{{PORTIONS} {more}}}")).unwrap()
}

fn amounts(allocation: &Allocation) -> Vec<u128> {
    let Division::ByAmount(amounts) = &allocation.division else { panic!("not by amount") };
    amounts.clone()
}

fn paid(more: &str) -> Vec<u128> {
    amounts(&allocation(example(), more))
}

fn measure<'a>(allocation: &'a Allocation, name: &str) -> &'a [f64] {
    &allocation.measures.iter().find(|measure| measure.name == name).unwrap().values
}

#[test]
fn the_example_of_the_readme() {
    let by_points = allocation(example(), r#", "quality": "quality""#);
    // 100 for adapters of the second answer stay.
    assert_eq!(amounts(&by_points), [300, 250, 1125, 625, 400, 1200]);
    assert_eq!(measure(&by_points, "platform"), [0.0, 0.0, 0.0, 0.0, 400.0, 0.0]);
    assert_eq!(measure(&by_points, "model"), [0.0, 0.0, 0.0, 0.0, 0.0, 1200.0]);
    assert_eq!(measure(&by_points, "adapters"), [300.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(measure(&by_points, "data"), [0.0, 250.0, 1125.0, 625.0, 0.0, 0.0]);
    // Without quality the two poems count alike: 375 each.
    assert_eq!(paid(""), [300, 375, 1000, 625, 400, 1200]);
    // Each point's own: poems:1 562.5, poems:2 187.5, web:1 750 + 500, web:2 nothing; the half unit goes to the first.
    assert_eq!(paid(r#", "within_data_sets": "influence""#), [300, 563, 1437, 0, 400, 1200]);
}

#[test]
fn a_missing_part_goes_where_the_parameter_says() {
    // Of the second answer's 1,000: platform 111.1, model 333.3, data 555.6, and nothing stays.
    assert_eq!(paid(r#", "missing": "others""#), [300, 375, 1028, 653, 411, 1233]);
    let epoch = example().build().unwrap();
    run::<Influence>(&epoch, &format!("{{{PORTIONS}}}")).unwrap();
    assert_eq!(epoch.logged(), ["1 of 2 outputs lead to no adapters: it stays in the treasury"]);
}

#[test]
fn negative_scores_do_what_the_parameter_says() {
    // 10 in all: poems 600; web 600 + 300 + 500.
    assert_eq!(paid(r#", "negative": "absolute""#), [300, 300, 1000, 700, 400, 1200]);
    // Web 600 - 300 + 500; the 300 and as much of what it earned stay.
    assert_eq!(paid(r#", "negative": "offset""#), [300, 300, 700, 400, 400, 1200]);
    // By influence Dan has nothing that his -300 could be set off against: they stay, and Cyd has 150 + 600 + 500.
    let by_influence = r#", "negative": "offset", "within_data_sets": "influence""#;
    assert_eq!(paid(by_influence), [300, 450, 1250, 0, 400, 1200]);
}

#[test]
fn thresholds_leave_out_what_is_small_or_uncertain() {
    // 3 and 4 of 7 count; the second answer has nothing that counts.
    assert_eq!(paid(r#", "min_score": 2"#), [300, 321, 750, 429, 400, 1200]);
    assert_eq!(paid(r#", "min_score": 3"#), paid(r#", "min_score": 2"#));
    // 1.0 +- 0.8 goes, 1.0 +- 0.5 just stays.
    let certain = r#", "error": "error", "min_errors": 2"#;
    assert_eq!(paid(certain), [300, 321, 1000, 679, 400, 1200]);
}

#[test]
fn a_minimum_leaves_out_and_tells_whom() {
    let allocation = allocation(example(), r#", "minimum": "376""#);
    assert_eq!(amounts(&allocation), [0, 0, 1000, 625, 400, 1200]);
    assert_eq!(measure(&allocation, "below-minimum"), [300.0, 375.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(paid(r#", "minimum": "375""#)[1], 375);
}

#[test]
fn a_point_that_is_listed_twice_counts_once() {
    let again = |score| Edge::new("answer:1", "poems:1", "influenced-by").metric("influence", score);
    for score in [0.1, 2.0, 3.0, -2.0] {
        assert_eq!(amounts(&allocation(example().edge(again(score)), "")), paid(""), "{score}");
    }
    // The larger score counts: 6 of 10 to poems.
    let larger = amounts(&allocation(example().edge(again(5.0)), ""));
    assert_eq!(larger[1], 450);
}

#[test]
fn scores_of_a_whole_data_set_are_divided_by_its_points() {
    let whole = |score| Edge::new("answer:2", "poems", "influenced-by").metric("influence", score);
    for within in ["points", "influence"] {
        let more = format!(r#", "within_data_sets": "{within}", "quality": "quality""#);
        let before = paid(&more);
        // Half of the second answer's 500 moves to poems, a third of it to Bob.
        let after = amounts(&allocation(example().edge(whole(1.0)), &more));
        let moved = |payee: usize| after[payee] as f64 - before[payee] as f64;
        assert!((moved(1) - 250.0 / 3.0).abs() <= 1.0, "{within}: {}", moved(1));
    }
}

#[test]
fn who_holds_what_nobody_contributed() {
    let scored = |id| Edge::new("o", id, "influenced-by").metric("influence", 1.0);
    let epoch = |set: Node| {
        let nodes = [
            Node::new("o", "output").metric("fee", 1.0),
            Node::new("alone", "data-point"),
            Node::new("owned", "data-point").payee("ann"),
            Node::new("in-a-set", "data-point"),
            Node::new("somebody", "person"),
            Node::new("half", "data-point").payee("bob"),
            set,
        ];
        let epoch = nodes.into_iter().fold(Epoch::builder().pool(400), EpochBuilder::node);
        ["alone", "owned", "in-a-set", "half"]
            .into_iter()
            .fold(epoch, |epoch, id| epoch.edge(scored(id)))
            .edge(Edge::new("in-a-set", "set", "part-of"))
            .edge(Edge::new("half", "somebody", "contributed-by"))
            .edge(Edge::new("half", "owned", "contributed-by").weight(3.0))
    };
    for within in ["points", "influence"] {
        let parameters = format!(r#"{{"portions": {{"data": 1}}, "within_data_sets": "{within}"}}"#);
        let paid = |set| amounts(&run::<Influence>(&epoch(set).build().unwrap(), &parameters).unwrap());
        // `alone` stays; of `half` a quarter, as its contributor is no payee; its owner is not asked.
        assert_eq!(paid(Node::new("set", "data-set")), [175, 0]);
        assert_eq!(paid(Node::new("set", "data-set").payee("cyd")), [175, 0, 100]);
    }
}

#[test]
fn an_interval_stands_beside_the_amount() {
    let told = allocation(example(), r#", "error": "error""#);
    assert_eq!(amounts(&told), paid(""), "an error changes no amount");
    // The first answer's 1,500: poems has r = 1/2 of it, T = 8. The variance of poems is
    // (1500 / 8)^2 * ((0.3^2 + 0.8^2) / 4 + 0.2^2 / 4).
    let error = 1500.0 / 8.0 * f64::sqrt((0.09 + 0.64 + 0.04) / 4.0);
    let [lower, upper] = ["amount-lower", "amount-upper"].map(|name| measure(&told, name));
    // Bob has half of poems and nothing else.
    let half = 1.959_963_984_540_054 * error / 2.0;
    assert!((lower[1] - (375.0 - half)).abs() < 1e-9, "{}", lower[1]);
    assert!((upper[1] - (375.0 + half)).abs() < 1e-9, "{}", upper[1]);
    // Dan half of web, where the second answer has one score alone, which gets all whatever it is.
    assert!((upper[3] - (625.0 + half)).abs() < 1e-9, "{}", upper[3]);
    // Hub and lab get what they get.
    assert_eq!([lower[4], upper[4], lower[5], upper[5]], [400.0, 400.0, 1200.0, 1200.0]);
    // No error, no interval; z scales it.
    let narrow = allocation(example(), r#", "error": "error", "z": 0"#);
    assert_eq!(measure(&narrow, "amount-lower"), measure(&narrow, "amount-upper"));
    assert!(allocation(example(), "").measures.iter().all(|measure| measure.name != "amount-lower"));
}

#[test]
fn what_cannot_be_answered_is_said() {
    let of = |epoch: EpochBuilder, parameters: &str| {
        run::<Influence>(&epoch.build().unwrap(), parameters).unwrap_err().to_string()
    };
    let refusal = |parameters: &str| of(example(), parameters);
    let with = |epoch, more: &str| of(epoch, &format!("{{{PORTIONS} {more}}}"));
    assert!(refusal("{}").contains("missing field `portions`"));
    assert!(refusal(r#"{"portions": {}}"#).starts_with("bad parameters: all `portions` are 0"));
    assert!(refusal(r#"{"portions": {"data": 0.5}}"#).contains("floating point `0.5`, expected u32"));
    assert!(refusal(r#"{"portions": {"data": -1}}"#).contains("expected u32"));
    assert_eq!(
        refusal(r#"{"portions": {"data": 1000001}}"#),
        "bad parameters: a portion is more than 1000000"
    );
    assert!(refusal(r#"{"portions": {"data": 1, "tools": 1}}"#).contains("unknown field `tools`"));
    assert_eq!(
        with(example(), r#", "kinds": {"model": "used"}"#),
        "bad parameters: two of `kinds` are `used`"
    );
    assert!(with(example(), r#", "min_errors": 2"#).contains("`min_errors` needs `error`"));
    assert!(with(example(), r#", "minimum": "1e3""#).contains("expected whole units"));
    assert!(with(example(), r#", "minimum": "0.5""#).contains("finer than the asset's 0 decimals"));
    for (parameter, what) in [
        ("fee", "node metric"),
        ("quality", "node metric"),
        ("duplicates", "node label"),
        ("score", "edge metric"),
        ("error", "edge metric"),
    ] {
        let sentence = format!("no answer: the epoch has no {what} `x`");
        assert_eq!(with(example(), &format!(r#", "{parameter}": "x""#)), sentence);
    }
    let no_fee = "no answer: no node of the kind `poem` has a fee";
    assert_eq!(with(example(), r#", "kinds": {"output": "poem"}"#), no_fee);
    let nowhere = refusal(r#"{"portions": {"adapters": 1}, "kinds": {"adapters": "x"}}"#);
    assert_eq!(nowhere, "no answer: no part of a fee leads to anything that a payee owns");
    let owing = example().node(Node::new("answer:0", "output").metric("fee", -1.0));
    assert_eq!(with(owing, ""), "no answer: the fee of `answer:0` is -1, which is below 0");
    let nested = example().edge(Edge::new("web", "poems", "part-of"));
    assert!(with(nested, "").contains("`web` is part of a data set and has parts itself"));
    let edge = |score, error| {
        Edge::new("answer:2", "poems:1", "influenced-by").metric("influence", score).metric("error", error)
    };
    let negative = with(example().edge(edge(1.0, -0.5)), r#", "error": "error""#);
    assert_eq!(negative, "no answer: edges that leave the output `answer:2` have a standard error of -0.5");
    let large = example()
        .edge(edge(f64::MAX, 0.0))
        .edge(Edge::new("answer:2", "web:2", "influenced-by").metric("influence", f64::MAX));
    assert!(with(large, "").contains("`answer:2` sum to inf"), "too large");
    let small = Epoch::builder()
        .node(Node::new("o", "output").metric("fee", 1.0))
        .node(Node::new("p", "data-point").payee("ann"))
        .edge(Edge::new("o", "p", "influenced-by").metric("influence", f64::from_bits(1)));
    assert!(of(small, r#"{"portions": {"data": 1}}"#).contains("by which nothing can be divided"));
    let heavy = example()
        .edge(Edge::new("poems:1", "dan", "contributed-by").weight(f64::MAX))
        .edge(Edge::new("poems:1", "cyd", "contributed-by").weight(f64::MAX));
    assert!(with(heavy, "").contains("`poems:1` weigh more together than a double holds"));
}

/// Errors of any size give finite measures within 0 and the pool.
#[test]
fn no_error_is_too_large() {
    for error in [1e-300, 1e100, 1e200, f64::MAX] {
        let edge = Edge::new("answer:2", "poems:1", "influenced-by");
        let epoch = example().edge(edge.metric("influence", 1.0).metric("error", error));
        let told = allocation(epoch, r#", "error": "error", "negative": "offset", "z": 1e9"#);
        for name in ["amount-lower", "amount-upper"] {
            assert!(measure(&told, name).iter().all(|bound| (0.0..=4000.0).contains(bound)), "{error}");
        }
    }
}
