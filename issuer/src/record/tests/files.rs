use std::io::{self, BufRead, Cursor, Read};

use super::*;

fn rows(format: RowFormat, input: impl AsRef<[u8]>) -> Vec<(u64, Result<IdRecord, String>, Value)> {
    let schema = schema();
    let reader = RowReader::new(format, Cursor::new(input), &schema, today()).unwrap();
    reader
        .map(|row| {
            let row = row.unwrap();
            let rejected = serde_json::to_value(row.rejected()).unwrap();
            (
                row.number,
                row.outcome.map_err(|error| error.to_string()),
                rejected,
            )
        })
        .collect()
}

#[test]
fn a_bad_line_stops_nothing_and_is_kept_with_number_and_reason() {
    let good = good().to_string();
    let file = format!("\u{feff}{good}\r\n\n{{\"UIN\":\r\n[1]\n{good}");
    let rows = rows(RowFormat::Ndjson, file);
    let numbers: Vec<u64> = rows.iter().map(|row| row.0).collect();
    assert_eq!(numbers, [1, 3, 4, 5]);
    assert!(rows[0].1.is_ok() && rows[3].1.is_ok());
    assert_eq!(rows[0].2, Value::Null);
    assert_eq!(
        rows[1].2,
        json!({ "row": 3, "reason": "not well-formed JSON, nested too deeply, or a key is there twice", "raw": "{\"UIN\":" })
    );
    assert_eq!(rows[2].2["reason"], "not a JSON object");
}

#[test]
fn refuses_repeated_keys_and_deep_nesting() {
    let twice = good().to_string().replacen('{', "{\"UIN\":\"1111111111\",", 1);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
    for (_, outcome, _) in rows(RowFormat::Ndjson, format!("{twice}\n{deep}\n")) {
        assert!(outcome.unwrap_err().starts_with("not well-formed JSON"));
    }
}

#[test]
fn a_row_over_the_budget_is_counted_and_not_held() {
    let file = format!("{}\n{}\n", "x".repeat(3 * MAX_ROW_BYTES), good());
    let rows = rows(RowFormat::Ndjson, file);
    assert_eq!(rows[0].2["raw_bytes"], 3 * MAX_ROW_BYTES + 1);
    assert_eq!(rows[0].2["reason"], "longer than 1048576 bytes");
    assert!(rows[1].1.is_ok());
}

#[test]
fn keeps_rows_that_are_not_utf8_in_base64() {
    let rows = rows(RowFormat::Ndjson, b"\xff\xfe{\n");
    assert_eq!(
        rows[0].2,
        json!({ "row": 1, "reason": "not UTF-8 text", "raw_base64": "//57" })
    );
}

const HEADER: &str = "UIN,IDSchemaVersion,fullName.eng,fullName.ara,dateOfBirth,gender.eng,addressLine1.eng,\
    addressLine2.eng,addressLine3.eng,region.eng,province.eng,city.eng,zone.eng,postalCode,phone,email,\
    proofOfIdentity.type,individualBiometrics.version,clan.eng,cattle,herd.size";

const ROW: &str = "2345678901,0.1,Hassan Ali,حسن علي,25-11-1987,MLE,12 Cedar Street,Old Town,Third floor,Rabat,\
    Kenitra,Kenitra,Ben Mansour,14022,6352000101,hassan.ali@example.org,CIN,1,Oak,12,\"3 \"\"big\"\", 4 small\"";

#[test]
fn reads_csv_by_its_header() {
    let rows = rows(RowFormat::Csv, format!("\u{feff}{HEADER}\r\n{ROW}\r\n"));
    let record = rows[0].1.as_ref().unwrap();
    assert_eq!(rows[0].0, 2);
    assert_eq!(
        record.field("fullName"),
        Some(&text(&[("eng", "Hassan Ali"), ("ara", "حسن علي")]))
    );
    assert_eq!(record.string("dateOfBirth"), Some("1987/11/25"));
    assert_eq!(record.field("IDSchemaVersion"), Some(&json!(0.1)));
    assert_eq!(record.field("proofOfIdentity"), Some(&json!({ "type": "CIN" })));
    assert_eq!(
        record.field("individualBiometrics"),
        Some(&json!({ "version": 1 }))
    );
    assert_eq!(record.field("clan"), Some(&text(&[("eng", "Oak")])));
    assert_eq!(record.field("cattle"), Some(&json!("12")));
    assert_eq!(
        record.field("herd"),
        Some(&json!({ "size": "3 \"big\", 4 small" }))
    );
}

#[test]
fn reads_csv_with_semicolons_and_line_breaks_in_quotes() {
    let row = ROW.replace("12 Cedar Street", "\"12 Cedar Street\nrear building\"");
    let file = format!("{HEADER}\n{row}\n{ROW}\n");
    let rows_found = rows(RowFormat::Csv, &file);
    assert_eq!(rows_found.len(), 2);
    assert_eq!(rows_found[1].0, 4);
    let line = rows_found[0].1.as_ref().unwrap().text("addressLine1").unwrap();
    assert_eq!(
        line.in_language(Language::ENGLISH),
        Some("12 Cedar Street\nrear building")
    );

    let plain = |text: &str| text.replace("\"3 \"\"big\"\", 4 small\"", "3").replace(',', ";");
    assert!(
        rows(RowFormat::Csv, format!("{}\n{}\n", plain(HEADER), plain(ROW)))[0]
            .1
            .is_ok()
    );
}

#[test]
fn a_stray_quote_rejects_its_own_line_alone() {
    let stray = ROW.replace("12 Cedar Street", "\"12 Cedar Street");
    for after in [
        format!("{ROW}\n{ROW}\n"),
        format!("{ROW}\n").repeat(100),
        String::new(),
    ] {
        let rows = rows(RowFormat::Csv, format!("{HEADER}\n{ROW}\n{stray}\n{after}"));
        let bad: Vec<u64> = rows
            .iter()
            .filter(|row| row.1.is_err())
            .map(|row| row.0)
            .collect();
        assert_eq!(bad, [3]);
        assert_eq!(rows.len(), 2 + after.lines().count());
        assert_eq!(rows[1].2["raw"], stray);
    }
}

#[test]
fn says_what_is_wrong_with_a_csv_row() {
    let file = format!("{HEADER}\n1,2\n{}\n", ROW.replace("Rabat", "\"Rabat\"x"));
    let rows = rows(RowFormat::Csv, file);
    assert_eq!(rows[0].2["reason"], "2 cells where the header has 21");
    assert_eq!(rows[1].2["reason"], "text beside a quoted cell (column 10)");
}

#[test]
fn says_what_is_wrong_with_a_header() {
    let schema = schema();
    let error = |header: &str| {
        RowReader::new(RowFormat::Csv, Cursor::new(header.to_owned()), &schema, today())
            .err()
            .unwrap()
            .to_string()
    };
    assert_eq!(error(""), "no header line");
    assert_eq!(error("UIN,\"a"), "the header line is not readable");
    assert_eq!(error("UIN,,a"), "column 2 of the header has no name");
    assert_eq!(
        error("UIN,a,UIN"),
        "column 3 of the header repeats an earlier one"
    );
    assert_eq!(
        error("UIN,a,a.b"),
        "column 3 of the header repeats an earlier one"
    );
    assert_eq!(
        error("UIN,a.eng,a.member"),
        "column 3 of the header repeats an earlier one"
    );
    assert_eq!(
        error(&"a,".repeat(2_000)),
        "the header has more than 1024 columns"
    );
}

/// Gives what it has, then fails.
struct Failing(Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl BufRead for Failing {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.0.fill_buf() {
            Ok([]) => Err(io::Error::other("disk gone")),
            other => other,
        }
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

#[test]
fn an_input_that_fails_ends_the_rows_with_the_failure() {
    let schema = schema();
    let input = Failing(Cursor::new(format!("{}\n{{", good()).into_bytes()));
    let mut reader = RowReader::new(RowFormat::Ndjson, input, &schema, today()).unwrap();
    assert!(reader.next().unwrap().unwrap().outcome.is_ok());
    assert!(matches!(reader.next(), Some(Err(ReadError::Input(_)))));
    assert!(reader.next().is_none());
}
