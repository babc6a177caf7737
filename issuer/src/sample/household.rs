//! Who lives together, and the records of it.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::SamplePerson;
use super::culture::{Culture, Pair, Place, Sex};
use super::dice::Dice;
use super::portrait::Portrait;
use crate::record::{CalendarDate, IdRecord, Uin};

pub(super) struct Household {
    culture: Culture,
    address: Address,
    phone: String,
    pub(super) members: Vec<Member>,
}

struct Address {
    street: (String, String),
    quarter: Pair,
    door: Pair,
    place: Place,
    postal_code: String,
}

pub(super) struct Member {
    given: Pair,
    family: Pair,
    sex: Sex,
    birth: CalendarDate,
    death: Option<CalendarDate>,
}

impl Member {
    fn age(&self, today: CalendarDate) -> u16 {
        self.birth.age_on(today)
    }

    /// English, own script.
    fn full_name(&self) -> (String, String) {
        let join = |given: &str, family: &str| format!("{given} {family}");
        (
            join(self.given.0, self.family.0),
            join(self.given.1, self.family.1),
        )
    }
}

const ADULT_YEARS: u16 = 18;

pub(super) fn make_household(dice: &mut Dice, today: CalendarDate) -> Household {
    let culture = Culture::any(dice);
    let family = culture.family_name(dice);
    let mut ages = Vec::new();
    let head_age = dice.between(24, 68);
    let head_sex = dice.pick(&[Sex::Female, Sex::Male]);
    ages.push((head_age, head_sex, family));
    let couple = dice.chance(72);
    if couple {
        let partner_age = dice.between(head_age.saturating_sub(5).max(21), head_age + 5);
        let partner_sex = if head_sex == Sex::Female {
            Sex::Male
        } else {
            Sex::Female
        };
        // One in four keeps the family name of birth.
        let partner_family = if dice.chance(25) {
            culture.family_name(dice)
        } else {
            family
        };
        ages.push((partner_age, partner_sex, partner_family));
    }
    let children = if couple {
        dice.between(0, 4)
    } else {
        dice.between(0, 2)
    };
    for _ in 0..children {
        // Born when the head was 20 to 40, and still at home.
        let eldest = head_age.saturating_sub(20).min(24);
        let youngest = head_age.saturating_sub(40);
        if youngest <= eldest {
            ages.push((
                dice.between(youngest, eldest),
                dice.pick(&[Sex::Female, Sex::Male]),
                family,
            ));
        }
    }
    if dice.chance(18) && head_age < 60 {
        ages.push((
            head_age + dice.between(20, 34),
            dice.pick(&[Sex::Female, Sex::Male]),
            family,
        ));
    }
    let mut members: Vec<Member> = Vec::new();
    for (age, sex, family) in ages {
        members.push(make_member(dice, culture, (age, sex, family), today, &members));
    }
    Household {
        culture,
        address: make_address(dice, culture),
        phone: make_phone(dice),
        members,
    }
}

fn make_member(
    dice: &mut Dice,
    culture: Culture,
    (age, sex, family): (u32, Sex, Pair),
    today: CalendarDate,
    siblings: &[Member],
) -> Member {
    // Within one household nobody has another's given name; a few rolls make that sure enough.
    let mut given = culture.given_name(sex, dice);
    for _ in 0..8 {
        if siblings.iter().all(|other| other.given != given) {
            break;
        }
        given = culture.given_name(sex, dice);
    }
    let days = age * 365 + age / 4 + dice.between(1, 360);
    let birth = today.days_earlier(days);
    let deceased = dice.chance(match age {
        0..=49 => 0,
        50..=69 => 3,
        _ => 15,
    });
    let death = deceased.then(|| today.days_earlier(dice.between(20, 1_400)));
    Member {
        given,
        family,
        sex,
        birth,
        death,
    }
}

fn make_address(dice: &mut Dice, culture: Culture) -> Address {
    let place = culture.place(dice);
    let postal_code = format!("{}{:03}", place.postal_area, dice.between(1, 899));
    Address {
        street: culture.street(dice),
        quarter: culture.quarter(dice),
        door: culture.door(dice),
        place,
        postal_code,
    }
}

/// Ten digits after no prefix, as the schema wants; `0555` keeps them apart from numbers in use where the samples
/// were tried.
fn make_phone(dice: &mut Dice) -> String {
    format!("0555{:06}", dice.between(0, 999_999))
}

impl Household {
    /// The records of the members, numbered in their order.
    pub(super) fn into_people(
        self,
        dice: &mut Dice,
        numbers: &[Uin],
        today: CalendarDate,
    ) -> VecDeque<SamplePerson> {
        let living_adult =
            |member: &&(&Member, &Uin)| member.0.age(today) >= ADULT_YEARS && member.0.death.is_none();
        let numbered: Vec<(&Member, &Uin)> = self.members.iter().zip(numbers).collect();
        // The head of the household is an adult, living or not.
        let guardian = numbered
            .iter()
            .find(living_adult)
            .or_else(|| numbered.first())
            .copied();
        numbered
            .iter()
            .map(|(member, uin)| {
                let portrait = Portrait::make(dice, member.sex, member.age(today), self.culture);
                let fields = self.fields(dice, member, uin, guardian, today);
                SamplePerson {
                    uin: (*uin).clone(),
                    fields,
                    portrait,
                }
            })
            .collect()
    }

    fn fields(
        &self,
        dice: &mut Dice,
        member: &Member,
        uin: &Uin,
        guardian: Option<(&Member, &Uin)>,
        today: CalendarDate,
    ) -> Map<String, Value> {
        let language = self.culture.language();
        let both = |english: &str, own: &str| json!([{ "language": "eng", "value": english }, { "language": language, "value": own }]);
        let pair = |pair: Pair| both(pair.0, pair.1);
        let minor = member.age(today) < ADULT_YEARS;
        let name = member.full_name();
        let contact = guardian
            .filter(|_| minor)
            .map_or(member, |(guardian, _)| guardian);
        let (gender, residence) = (
            match member.sex {
                Sex::Female => "FLE",
                Sex::Male => "MLE",
            },
            if dice.chance(92) { "NFR" } else { "FR" },
        );
        let document = dice.between(100_000_000, 999_999_999).to_string();
        let address = &self.address;
        let record = json!({
            "IDSchemaVersion": 0.1,
            IdRecord::UIN_FIELD: uin.as_str(),
            IdRecord::VID_FIELD: make_vid(uin),
            "fullName": both(&name.0, &name.1),
            "dateOfBirth": member.birth.slashed(),
            "gender": both(gender, gender),
            "residenceStatus": both(residence, residence),
            "addressLine1": both(&address.street.0, &address.street.1),
            "addressLine2": pair(address.quarter),
            "addressLine3": pair(address.door),
            "region": pair(address.place.region),
            "province": pair(address.place.province),
            "city": pair(address.place.city),
            "zone": pair(address.place.zone),
            "postalCode": address.postal_code,
            "phone": self.phone,
            "email": email(contact),
            "preferredLang": language,
            "proofOfIdentity": { "format": "pdf", "type": if minor { "BRC" } else { "CIN" }, "value": "proofOfIdentity", "refNumber": document },
            "individualBiometrics": { "format": "cbeff", "version": 1, "value": "individualBiometrics_bio_CBEFF" },
        });
        let mut fields = match record {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if let (true, Some((guardian, number))) = (minor, guardian) {
            let name = guardian.full_name();
            add("introducerUIN", json!(number.as_str()));
            add("introducerName", both(&name.0, &name.1));
        }
        // Country extension fields: what a driving licence is made of.
        if !minor && member.death.is_none() {
            add("familyName", pair(member.family));
            add("givenName", pair(member.given));
            let licence = Licence::of(uin, member, today);
            add("drivingLicenceNumber", json!(licence.number));
            add("drivingPrivileges", json!(licence.privileges));
        }
        if let Some(death) = member.death {
            add("declaredAsDeceased", json!("Y"));
            add("deceasedDeclarationDate", json!(death.slashed()));
            add("typeOfDeath", json!("Natural"));
            if let Some((informer, _)) = guardian.filter(|(informer, _)| !core::ptr::eq(*informer, member)) {
                add("deceasedInformer", json!(informer.full_name().0));
            }
        }
        fields
    }
}

/// By dice of the resident's own, as a licence is: 16 digits, the first neither 0 nor 1.
fn make_vid(uin: &Uin) -> String {
    let mut dice = Dice::new(!uin.as_str().parse::<u64>().unwrap_or_default());
    format!(
        "{}{:08}",
        dice.between(20_000_000, 99_999_999),
        dice.below(100_000_000)
    )
}

struct Licence {
    number: String,
    privileges: Vec<Value>,
}

impl Licence {
    /// By dice of the resident's own, so that the people of a seed stay who they were before there were licences.
    fn of(uin: &Uin, member: &Member, today: CalendarDate) -> Self {
        let mut dice = Dice::new(uin.as_str().parse().unwrap_or_default());
        let years_since_adult = u32::from(member.age(today).saturating_sub(ADULT_YEARS));
        let issued = today.days_earlier(dice.between(0, years_since_adult.min(9) * 365) + 1);
        let expires =
            CalendarDate::new(issued.year() + 15, issued.month(), issued.day().min(28)).unwrap_or(issued);
        let privilege = |category: &str| json!({ "category": category, "issueDate": issued.slashed(), "expiryDate": expires.slashed() });
        let mut privileges = vec![privilege("B")];
        if dice.chance(20) {
            privileges.push(privilege("A"));
        }
        if dice.chance(5) {
            privileges.push(privilege("C"));
        }
        Self {
            number: format!("DL{:08}", dice.between(10_000_000, 99_999_999)),
            privileges,
        }
    }
}

fn email(member: &Member) -> String {
    let plain = |name: &str| name.to_lowercase().replace([' ', '-'], "_");
    format!("{}.{}@example.org", plain(member.given.0), plain(member.family.0))
}
