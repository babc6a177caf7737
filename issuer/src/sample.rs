//! Sample residents: plausible, multilingual, and the same for the same seed on every machine.
//!
//! Three cultures with their own scripts (French in Latin, Arabic from right to left, Hindi in Devanagari), each name
//! and place with its English transliteration. People live in households that share an address, a telephone and mostly
//! a family name; minors have a guardian of their household; some people are deceased. Living adults have a driving licence
//! in fields that a country adds to the default identity schema, which every record passes. Nobody here exists: names are combined by dice, addresses are invented, email addresses end in
//! `example.org`.
//!
//! A portrait is drawn, not photographed: [`Portrait::to_svg`] is text, and whoever writes the records has it made into
//! a picture.

mod culture;
mod dice;
mod household;
mod number;
mod portrait;

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::record::{CalendarDate, IdRecord, Uin};
use dice::Dice;
pub use portrait::{PORTRAIT_HEIGHT, PORTRAIT_WIDTH, Portrait};

/// One sample resident.
#[derive(Clone)]
pub struct SamplePerson {
    uin: Uin,
    fields: Map<String, Value>,
    portrait: Portrait,
}

impl SamplePerson {
    /// The resident's number.
    #[must_use]
    pub fn uin(&self) -> &Uin {
        &self.uin
    }

    /// How the resident looks.
    #[must_use]
    pub fn portrait(&self) -> &Portrait {
        &self.portrait
    }

    /// The record without a face, as a row of an NDJSON file has it.
    #[must_use]
    pub fn record(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// The record with a face, which is a data URI of a PNG, JPEG or WebP.
    #[must_use]
    pub fn record_with_face(&self, data_uri: &str) -> Value {
        let mut fields = self.fields.clone();
        fields.insert(IdRecord::FACE_FIELD.to_owned(), json!(data_uri));
        Value::Object(fields)
    }
}

/// An endless stream of residents, household by household.
pub struct People {
    dice: Dice,
    today: CalendarDate,
    offset: u64,
    issued: u64,
    waiting: VecDeque<SamplePerson>,
}

impl People {
    /// The residents of `seed`; their ages are as of `today`. After 800 million of them the numbers repeat.
    #[must_use]
    pub fn new(seed: u64, today: CalendarDate) -> Self {
        let mut dice = Dice::new(seed);
        let offset = dice.below(number::NUMBERS);
        Self {
            dice,
            today,
            offset,
            issued: 0,
            waiting: VecDeque::new(),
        }
    }

    fn next_number(&mut self) -> Option<Uin> {
        let uin = number::uin(self.offset, self.issued);
        self.issued += 1;
        Uin::parse(&uin).ok()
    }
}

impl Iterator for People {
    type Item = SamplePerson;

    fn next(&mut self) -> Option<SamplePerson> {
        if self.waiting.is_empty() {
            let household = household::make_household(&mut self.dice, self.today);
            let numbers: Option<Vec<Uin>> = household.members.iter().map(|_| self.next_number()).collect();
            self.waiting = household.into_people(&mut self.dice, &numbers?, self.today);
        }
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::record::{Language, RecordSchema, VitalStatus};

    fn today() -> CalendarDate {
        CalendarDate::new(2026, 11, 23).unwrap()
    }

    fn records(count: usize) -> Vec<IdRecord> {
        let schema = RecordSchema::shipped().unwrap();
        let face = "data:image/png;base64,iVBORw0KGgo=";
        People::new(7, today())
            .take(count)
            .map(|person| schema.read(person.record_with_face(face), today()).unwrap())
            .collect()
    }

    #[test]
    fn every_record_passes_the_schema_and_every_number_is_unique() {
        let records = records(2_000);
        let numbers: HashSet<_> = records
            .iter()
            .map(|record| record.uin().as_str().to_owned())
            .collect();
        assert_eq!(numbers.len(), records.len());
        assert!(
            numbers
                .iter()
                .all(|uin| uin.len() == 10 && number::is_checked(uin))
        );
    }

    #[test]
    fn one_seed_gives_one_population() {
        let rows = |seed| {
            People::new(seed, today())
                .take(50)
                .map(|person| person.record())
                .collect::<Vec<_>>()
        };
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
        let faces = |seed| {
            People::new(seed, today())
                .take(50)
                .map(|p| p.portrait().to_svg())
                .collect::<HashSet<_>>()
        };
        assert_eq!(faces(1), faces(1));
        assert!(faces(1).len() > 45);
    }

    #[test]
    fn there_are_three_scripts_minors_with_guardians_and_deceased() {
        let records = records(1_000);
        for language in ["fra", "ara", "hin"] {
            let language = Language::parse(language).unwrap();
            let speakers = records
                .iter()
                .filter(|r| r.full_name().unwrap().in_language(language).is_some())
                .count();
            assert!(speakers > 150, "{language}: {speakers}");
            assert!(
                records
                    .iter()
                    .all(|r| r.full_name().unwrap().in_language(Language::ENGLISH).is_some())
            );
        }
        let numbers: HashSet<_> = records.iter().map(|record| record.uin().as_str()).collect();
        let minors: Vec<_> = records
            .iter()
            .filter(|record| record.date_of_birth().unwrap().age_on(today()) < 18)
            .collect();
        assert!((100..500).contains(&minors.len()), "{}", minors.len());
        // The household of the last few may be cut off.
        let guarded = minors
            .iter()
            .filter(|minor| numbers.contains(minor.string("introducerUIN").unwrap()))
            .count();
        assert!(guarded + 8 >= minors.len());
        let deceased = records
            .iter()
            .filter(|record| record.vital_status() == VitalStatus::Deceased);
        let deceased: Vec<_> = deceased.collect();
        assert!((5..100).contains(&deceased.len()), "{}", deceased.len());
        assert!(
            deceased
                .iter()
                .all(|record| record.date("deceasedDeclarationDate").is_some())
        );
    }

    #[test]
    fn living_adults_have_a_driving_licence() {
        for record in records(200) {
            let adult = record.date_of_birth().unwrap().age_on(today()) >= 18;
            let living = record.vital_status() == VitalStatus::Living;
            for field in [
                "familyName",
                "givenName",
                "drivingLicenceNumber",
                "drivingPrivileges",
            ] {
                assert_eq!(record.field(field).is_some(), adult && living, "{field}");
            }
        }
    }

    #[test]
    fn households_share_an_address_and_a_telephone() {
        let people = records(300);
        let addresses: HashSet<_> = people
            .iter()
            .map(|record| record.field("addressLine1").unwrap().to_string())
            .collect();
        let phones: HashSet<_> = people
            .iter()
            .map(|record| record.string("phone").unwrap())
            .collect();
        assert!(addresses.len() < 200 && phones.len() < 200);
    }
}
