//! The texts of the messages, by language.

use symbolon_protocol::foreign_text::steers;

use crate::language::Languages;

/// The texts of one language. What stands in braces is filled in.
pub(super) struct Words {
    /// BCP 47.
    pub(super) language: &'static str,
    direction: Direction,
    pub(super) deletion_subject: &'static str,
    pub(super) report_subject: &'static str,
    pub(super) authority: &'static str,
    pub(super) deletion_opening: &'static str,
    pub(super) report_opening: &'static str,
    pub(super) asked_by: &'static str,
    pub(super) identifier: &'static str,
    pub(super) registered_as: &'static str,
    pub(super) when: &'static str,
    pub(super) reference: &'static str,
    pub(super) purpose: &'static str,
    pub(super) shown: &'static str,
    pub(super) between_claims: &'static str,
    pub(super) nothing_shown: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    LeftToRight,
    RightToLeft,
}

/// First strong isolate and its end ([Unicode TR 9 §2.3]): an identifier between them does not turn the words around it.
///
/// [Unicode TR 9 §2.3]: https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];

impl Words {
    /// Those of the first language that there are any in, else the English ones.
    pub(super) fn of(languages: &Languages) -> &'static Self {
        languages
            .choose(&ALL, |words| Some(words.language))
            .unwrap_or(&ENGLISH)
    }

    /// A text with its values. They are other people's words: nothing of them begins a line or turns what stands around it.
    pub(super) fn fill(&self, text: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, (name, after))) = rest
            .split_once('{')
            .and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
        {
            filled.push_str(before);
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                self.insert(&mut filled, value);
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    fn insert(&self, filled: &mut String, value: &str) {
        let value = value.chars().filter(|one| !steers(*one));
        match self.direction {
            Direction::LeftToRight => filled.extend(value),
            Direction::RightToLeft => {
                let [begin, end] = ISOLATE;
                filled.push(begin);
                filled.extend(value);
                filled.push(end);
            }
        }
    }
}

static ALL: [Words; 4] = [ENGLISH, FRENCH, ARABIC, HINDI];

const ENGLISH: Words = Words {
    language: "en",
    direction: Direction::LeftToRight,
    deletion_subject: "Request for erasure of personal data",
    report_subject: "Report of a request by {verifier}",
    authority: "the supervisory authority",
    deletion_opening: "I ask you to erase the personal data about me that you received as follows, under article 17 of Regulation (EU) 2016/679 or the law that applies to you.",
    report_opening: "I report the following request for personal data, which I believe to be unlawful or suspicious.",
    asked_by: "Asked by: {verifier}",
    identifier: "Identifier: {identifier}",
    registered_as: "Registered as: {subject}",
    when: "When: {time}",
    reference: "Reference: {reference}",
    purpose: "For: {purpose}",
    shown: "Shown of {type}: {claims}",
    between_claims: ", ",
    nothing_shown: "Nothing was shown.",
};

const FRENCH: Words = Words {
    language: "fr",
    direction: Direction::LeftToRight,
    deletion_subject: "Demande d’effacement de données à caractère personnel",
    report_subject: "Signalement d’une demande de {verifier}",
    authority: "l’autorité de contrôle",
    deletion_opening: "Je vous demande d’effacer les données à caractère personnel me concernant que vous avez reçues comme indiqué ci-dessous, en application de l’article 17 du règlement (UE) 2016/679 ou du droit qui s’applique à vous.",
    report_opening: "Je signale la demande de données à caractère personnel suivante, que je crois illicite ou suspecte.",
    asked_by: "Demandé par : {verifier}",
    identifier: "Identifiant : {identifier}",
    registered_as: "Enregistré sous : {subject}",
    when: "Date : {time}",
    reference: "Référence : {reference}",
    purpose: "Finalité : {purpose}",
    shown: "Montré de {type} : {claims}",
    between_claims: ", ",
    nothing_shown: "Rien n’a été montré.",
};

const ARABIC: Words = Words {
    language: "ar",
    direction: Direction::RightToLeft,
    deletion_subject: "طلب محو بيانات شخصية",
    report_subject: "بلاغ عن طلب من {verifier}",
    authority: "السلطة الرقابية",
    deletion_opening: "أطلب منكم محو بياناتي الشخصية التي تلقيتموها على النحو المبيّن أدناه، وفقًا للمادة 17 من لائحة الاتحاد الأوروبي 2016/679 أو للقانون الساري عليكم.",
    report_opening: "أبلّغ عن طلب البيانات الشخصية التالي، الذي أعتقد أنه غير قانوني أو مريب.",
    asked_by: "الجهة الطالبة: {verifier}",
    identifier: "المعرّف: {identifier}",
    registered_as: "مسجّلة بالرقم: {subject}",
    when: "الوقت: {time}",
    reference: "المرجع: {reference}",
    purpose: "الغرض: {purpose}",
    shown: "ما عُرض من {type}: {claims}",
    between_claims: "، ",
    nothing_shown: "لم يُعرض أي شيء.",
};

const HINDI: Words = Words {
    language: "hi",
    direction: Direction::LeftToRight,
    deletion_subject: "व्यक्तिगत डेटा मिटाने का अनुरोध",
    report_subject: "{verifier} के एक अनुरोध की शिकायत",
    authority: "पर्यवेक्षण प्राधिकरण",
    deletion_opening: "मेरा आपसे अनुरोध है कि मेरे बारे में जो व्यक्तिगत डेटा आपको नीचे बताए अनुसार मिला है, उसे विनियम (EU) 2016/679 के अनुच्छेद 17 या आप पर लागू क़ानून के अनुसार मिटा दें।",
    report_opening: "मैं व्यक्तिगत डेटा के निम्नलिखित अनुरोध की सूचना देना चाहता/चाहती हूँ, जो मेरे विचार में ग़ैरक़ानूनी या संदिग्ध है।",
    asked_by: "अनुरोध करने वाला: {verifier}",
    identifier: "पहचानकर्ता: {identifier}",
    registered_as: "पंजीकरण: {subject}",
    when: "समय: {time}",
    reference: "संदर्भ: {reference}",
    purpose: "उद्देश्य: {purpose}",
    shown: "{type} से दिखाया गया: {claims}",
    between_claims: ", ",
    nothing_shown: "कुछ भी नहीं दिखाया गया।",
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every text of a language, in one order.
    fn texts(words: &Words) -> [&'static str; 14] {
        [
            words.deletion_subject,
            words.report_subject,
            words.authority,
            words.deletion_opening,
            words.report_opening,
            words.asked_by,
            words.identifier,
            words.registered_as,
            words.when,
            words.reference,
            words.purpose,
            words.shown,
            words.between_claims,
            words.nothing_shown,
        ]
    }

    /// What stands in braces.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        let behind = text.split('{').skip(1);
        behind
            .map(|part| part.split_once('}').expect("a closed brace").0)
            .collect()
    }

    #[test]
    fn every_language_has_every_text_with_every_placeholder() {
        let english = texts(&ENGLISH);
        for words in &ALL {
            for (text, original) in texts(words).iter().zip(english) {
                assert_eq!(
                    placeholders(text),
                    placeholders(original),
                    "{}: {text}",
                    words.language
                );
                assert!(!text.is_empty(), "{}: {original}", words.language);
                let is_translated = words.language == "en" || *text != original || original == ", ";
                assert!(is_translated, "{}: {text}", words.language);
            }
        }
        let all: BTreeSet<&str> = english.into_iter().flat_map(placeholders).collect();
        let expected = [
            "claims",
            "identifier",
            "purpose",
            "reference",
            "subject",
            "time",
            "type",
            "verifier",
        ];
        assert_eq!(all, BTreeSet::from(expected));
    }

    #[test]
    fn the_language_is_the_first_that_there_is_and_else_english() {
        let language = |tags: &[&str]| Words::of(&Languages::new(tags.iter().copied())).language;
        assert_eq!(language(&["fr-CA", "ar"]), "fr");
        assert_eq!(language(&["ara"]), "ar");
        assert_eq!(language(&["sw", "hin"]), "hi");
        assert_eq!(language(&["sw"]), "en");
        assert_eq!(language(&[]), "en");
    }

    #[test]
    fn values_are_filled_in_as_they_are_and_steer_nothing() {
        let values = [("type", "{claims}"), ("claims", "a\nShown of b: \u{202e}c")];
        assert_eq!(
            ENGLISH.fill(ENGLISH.shown, &values),
            "Shown of {claims}: aShown of b: c"
        );
        let arabic = ARABIC.fill(ARABIC.when, &[("time", "2026")]);
        assert_eq!(arabic, "الوقت: \u{2068}2026\u{2069}");
        assert_eq!(ENGLISH.fill("no {unknown} and no end {", &[]), "no  and no end {");
    }
}
