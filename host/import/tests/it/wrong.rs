//! What is wrong is said, all of it, with its place.

use crate::folder::{Folder, gzip};

const NODES: &str = "nodes = { files = [\"nodes.csv\"] }\n";

#[test]
fn every_wrong_cell_is_named_in_the_order_of_files_and_rows() {
    let folder = Folder::new()
        .with(
            "nodes.csv",
            b"id,kind,weight,time,payee,stars\na,x,many,2025-07-01,p,1\n\nb,,1,07/01/2025,p,2\nc,x,-1,,p,NaN\nd,\"x\ny\",1,,p,3\ne,x,1\nf,x,1,,\xff,4\na,x,1,,p,5\n,x,1,,p,6\n",
        )
        .with("edges.jsonl", "{\"source\":\"a\",\"target\":\"zz\",\"kind\":\"k\"}\n{\"source\":\"a\"}\n{\"source\":[\"a\"],\"target\":\"b\",\"kind\":\"k\"}\nnot json\n{\"source\":\"e\",\"target\":\"f\",\"kind\":\"k\",\"kind\":\"k\"}\n{\"source\":\"e\",\"target\":\"f\",\"kind\":\"k\"}")
        .with("payees.csv", "payee,node,name\nq,a,Q\nq,b,Q2\np,b,\n,c,\np,nobody,\n");
    let body =
        format!("{NODES}edges = {{ files = [\"edges.jsonl\"] }}\npayees = {{ files = [\"payees.csv\"] }}");
    let expected = "the input has 22 problems:
  nodes.csv, row 2, column `weight`: `many` is not a number
  nodes.csv, row 2, column `payee`: the node `a` belongs to `p` here and to `q` in payees.csv, row 2
  nodes.csv, row 4, column `kind`: is empty
  nodes.csv, row 4, column `time`: `07/01/2025` is not a time: write `2025-07-01`, `2025-07-01T12:00:00Z` or seconds since 1970
  nodes.csv, row 5, column `stars`: `NaN` is not a finite number
  nodes.csv, row 5, column `weight`: -1 is not a finite number of 0 or more
  nodes.csv, row 6, column `kind`: `x\\ny` holds the invisible character U+000A
  nodes.csv, row 8: the row has 3 cells where the header names 6
  nodes.csv, row 9, column `payee`: is not UTF-8 text: save it as UTF-8
  nodes.csv, row 10, column `payee`: the node `a` belongs to `p` here and to `q` in payees.csv, row 2
  nodes.csv, row 10, column `id`: `a` is there twice: an earlier row has the same id
  nodes.csv, row 11, column `id`: is empty
  edges.jsonl, row 1, column `target`: there is no node `zz`
  edges.jsonl, row 2, column `target`: is empty
  edges.jsonl, row 2, column `kind`: is empty
  edges.jsonl, row 3, column `source`: holds lists, which no cell can be: flatten it, or leave it out with `columns = { NAME = \"ignore\" }`
  edges.jsonl, row 4: is not a JSON object on one line: expected ident at character 2
  edges.jsonl, row 5: is not a JSON object on one line: the key `kind` is there twice at character 49
  payees.csv, row 3, column `name`: the payee `q` is called `Q2` here and `Q` in an earlier row
  payees.csv, row 4, column `node`: the node `b` is listed twice: it belongs to one payee, and one row says so
  payees.csv, row 5, column `payee`: is empty
  payees.csv, row 6, column `node`: there is no node `nobody`";
    similar(&folder.refused(&body), expected);
}

fn similar(actual: &str, expected: &str) {
    assert_eq!(actual.lines().collect::<Vec<_>>(), expected.lines().collect::<Vec<_>>());
}

#[test]
fn thousands_of_wrong_cells_are_counted() {
    let rows: String = (0..5_000).map(|row| format!("n{row},x,p\n")).collect();
    let folder = Folder::new().with("nodes.csv", format!("id,weight,payee\n{rows}"));
    let error = folder.refused(NODES);
    assert_eq!(error.lines().count(), 102);
    assert!(
        error.starts_with("the input has 5000 problems:")
            && error.ends_with("row 101, column `weight`: `x` is not a number\n  and 4900 more"),
        "{error}"
    );
}

#[test]
fn files_and_columns_are_checked_before_rows() {
    let cut = gzip(b"id,payee,n\na,p,1\n".repeat(1000).as_slice());
    let folder = Folder::new()
        .with("a.csv", "id,payee,id,\n")
        .with("b.csv", "name;payee\n")
        .with("c.csv.gz", &cut[..cut.len() - 12])
        .with("d.csv.gz", "id,payee,and,further,columns\n")
        .with("e.parquet", "PAR1 but not really PAR1")
        .with("f.csv", "")
        .with("g.csv", "\u{feff}name,payee\na,p\n")
        .with("h.csv", b"\xff\xfei\0d\0\n\0")
        .with("i.csv", "id,payee\ra,p\r");
    let names = ["a.csv", "b.csv", "c.csv.gz", "d.csv.gz", "e.parquet", "f.csv", "g.csv", "h.csv", "i.csv"];
    let expected = "the input has 11 problems:
  a.csv, column `id`: the column is there twice
  a.csv: column 4 has no name: name it in the first line, or remove it
  b.csv, column `id`: there is no such column: the cells seem to be separated by `;`, so write `delimiter = \";\"`
  c.csv.gz: is cut off: it ends in the middle of its compressed data
  d.csv.gz: is damaged: its gzip data is invalid
  e.parquet: is damaged or not a Parquet file that can be read: Parquet file too small. Size is 24 but need 544828532
  f.csv: is empty: its first line must name the columns
  g.csv, column `id`: there is no such column; there are `name`, `payee`
  h.csv: is not UTF-8 text: save it as UTF-8
  i.csv: its lines end with a carriage return alone: save it with the line endings of Unix or Windows
";
    let error = folder.refused(&format!("[nodes]\nfiles = {names:?}\ncolumns = {{ zip = \"label\" }}"));
    let error: Vec<&str> = error.lines().filter(|line| !line.contains("`zip`")).collect();
    assert_eq!(error, expected.lines().collect::<Vec<_>>());

    let missing = folder.refused(
        "[nodes]\nfiles = [\"x.csv\", \"a.csv\", \"a.csv\"]\n[edges]\nfiles = [\"y.xlsx\", \"z.parquet\"]",
    );
    let expected = "the input has 4 problems:
  x.csv: there is no such file
  a.csv: the file is named twice
  y.xlsx: its format is not read: name a `.csv`, `.csv.gz`, `.jsonl`, `.jsonl.gz`, `.ndjson` or `.parquet` file
  z.parquet: there is no such file";
    similar(&missing, expected);
}

#[test]
fn a_row_that_only_the_whole_shows_to_be_wrong_is_named_in_a_compressed_file_too() {
    let folder = Folder::new()
        .with("nodes.csv", "id,payee\r\na,p\r\n")
        .with("e.csv.gz", gzip(b"source,target\r\n\r\na,a\r\na,\"b\"\r\na,c"));
    let error = folder.refused(&format!("{NODES}edges = {{ files = [\"e.csv.gz\"] }}"));
    let expected = "the input has 2 problems:
  e.csv.gz, row 4, column `target`: there is no node `b`
  e.csv.gz, row 5, column `target`: there is no node `c`";
    similar(&error, expected);
}

#[test]
fn nobody_to_pay_says_what_to_do() {
    let error = Folder::new().with("nodes.csv", "id\na\n").refused(NODES);
    assert!(error.starts_with("there is nobody to pay: give the nodes a column `payee`"), "{error}");
}

#[test]
fn descriptions_are_read_strictly() {
    let folder = Folder::new().with("nodes.csv", "id,payee\na,p\n");
    for (body, sentence) in [
        ("nodes = { file = [\"nodes.csv\"] }", "unknown field `file`, expected one of `files`"),
        ("nodes = { files = [] }", "names no files of nodes"),
        (
            "[nodes]\nfiles = [\"nodes.csv\"]\nid = \"x\"\nkind = \"x\"",
            "uses the column `x` as `id` and as `kind` under `[nodes]`",
        ),
        (
            "[nodes]\nfiles = [\"nodes.csv\"]\ncolumns = { a = \"number\" }",
            "unknown variant `number`, expected one of `metric`, `label`, `ignore`",
        ),
        (
            "[nodes]\nfiles = [\"nodes.csv\"]\ncolumns = { zip = \"label\" }",
            "column `zip`: there is no such column",
        ),
        ("[nodes]\nfiles = [\"nodes.csv\"]\nweight = \"w\"", "column `w`: there is no such column"),
        ("[nodes]\nfiles = [\"nodes.csv\"]\ndelimiter = \":\"", "has the delimiter `:`"),
    ] {
        let error = folder.refused(body);
        assert!(error.contains(sentence), "{body}: {error}");
    }
    for (from, to, sentence) in [
        ("2025-08-01", "2025-07-01", "has a window that ends (`2025-07-01`) before it begins"),
        ("2025-08-01", "\"August\"", "has a `end` under `[window]` that is no time: `August`"),
        ("\"10.00\"", "10.5", "which cannot be read exactly: put it in quotes, `amount = \"10.5\"`"),
        ("\"10.00\"", "\"10.001\"", "`10.001` has more decimals than the asset's 2"),
    ] {
        let text = format!("{}{NODES}", crate::folder::HEAD.replace(from, to));
        let description = folder.path().join("other.toml");
        std::fs::write(&description, text).unwrap();
        let error = apportion_import::tables::import(&description, &Default::default(), &mut |_| {})
            .unwrap_err()
            .to_string();
        assert!(error.contains(sentence), "{to}: {error}");
    }
}
