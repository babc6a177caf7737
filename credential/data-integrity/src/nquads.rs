//! N-Quads ([RDF 1.1 N-Quads](https://www.w3.org/TR/n-quads/)), written in the canonical form of
//! [RDF-CANON §A](https://www.w3.org/TR/rdf-canon/#canonical-quads).

use std::fmt::Write as _;

use symbolon_credential::data_integrity::JsonLdError;

pub(crate) const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
/// Room for a statement as it usually is.
pub(crate) const USUAL_STATEMENT_BYTES: usize = 160;
const LANGUAGE_STRING: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";

/// What stands in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    Iri(String),
    /// Label without `_:`.
    Blank(String),
    Literal {
        lexical: String,
        datatype: String,
        language: Option<String>,
    },
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quad {
    pub(crate) subject: Term,
    pub(crate) predicate: String,
    pub(crate) object: Term,
    pub(crate) graph: Option<Term>,
}

impl Term {
    /// Appends the term; a blank node is left to `blank`.
    pub(crate) fn write(&self, out: &mut String, blank: &mut impl FnMut(&mut String, &str)) {
        match self {
            Self::Iri(iri) => write_iri(iri, out),
            Self::Blank(label) => blank(out, label),
            Self::Literal {
                lexical,
                datatype,
                language,
            } => {
                out.push('"');
                write_escaped(lexical, out);
                out.push('"');
                match language {
                    Some(language) => out.extend(["@", language]),
                    None if datatype == XSD_STRING => {}
                    None => {
                        out.push_str("^^");
                        write_iri(datatype, out);
                    }
                }
            }
        }
    }
}

fn write_iri(iri: &str, out: &mut String) {
    out.push('<');
    out.push_str(iri);
    out.push('>');
}

fn write_escaped(text: &str, out: &mut String) {
    let needs_escape = |byte: &u8| matches!(byte, ..b' ' | b'"' | b'\\' | 0x7f);
    let mut rest = text;
    // Each of these characters is one byte, so the text can be cut at it.
    while let Some(place) = rest.as_bytes().iter().position(needs_escape) {
        let (plain, behind) = rest.split_at(place);
        out.push_str(plain);
        let mut characters = behind.chars();
        match characters.next().unwrap_or_default() {
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control => {
                // Writing to memory does not fail.
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

impl Quad {
    /// Appends the statement, the line feed included; blank nodes are left to `blank`.
    pub(crate) fn write(&self, out: &mut String, mut blank: impl FnMut(&mut String, &str)) {
        self.subject.write(out, &mut blank);
        out.push(' ');
        write_iri(&self.predicate, out);
        out.push(' ');
        self.object.write(out, &mut blank);
        if let Some(graph) = &self.graph {
            out.push(' ');
            graph.write(out, &mut blank);
        }
        out.push_str(" .\n");
    }

    /// The statement with its own labels.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::with_capacity(USUAL_STATEMENT_BYTES);
        self.write(&mut text, |text, label| text.extend(["_:", label]));
        text
    }
}

/// Reads one statement.
pub(crate) fn parse(text: &str) -> Result<Quad, JsonLdError> {
    let mut rest = Reader {
        rest: text.trim_end_matches(['\n', '\r']),
    };
    let subject = rest.node()?;
    let Term::Iri(predicate) = rest.term()? else {
        return Err(JsonLdError::Statement);
    };
    let object = rest.term()?;
    let graph = if rest.rest.trim() == "." {
        None
    } else {
        Some(rest.node()?)
    };
    if rest.rest.trim() == "." {
        Ok(Quad {
            subject,
            predicate,
            object,
            graph,
        })
    } else {
        Err(JsonLdError::Statement)
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn node(&mut self) -> Result<Term, JsonLdError> {
        match self.term()? {
            Term::Literal { .. } => Err(JsonLdError::Statement),
            node => Ok(node),
        }
    }

    fn term(&mut self) -> Result<Term, JsonLdError> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        if let Some(rest) = self.rest.strip_prefix('<') {
            self.rest = rest;
            return self.iri().map(Term::Iri);
        }
        if let Some(rest) = self.rest.strip_prefix("_:") {
            let end = rest.find([' ', '\t']).ok_or(JsonLdError::Statement)?;
            let (label, rest) = rest.split_at(end);
            self.rest = rest;
            let is_label = !label.is_empty()
                && label.chars().all(|character| {
                    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | ':')
                });
            return if is_label {
                Ok(Term::Blank(label.to_owned()))
            } else {
                Err(JsonLdError::Statement)
            };
        }
        self.rest = self.rest.strip_prefix('"').ok_or(JsonLdError::Statement)?;
        self.literal()
    }

    /// An IRI behind its `<`.
    fn iri(&mut self) -> Result<String, JsonLdError> {
        let iri = self.until('>')?;
        let is_iri = iri.contains(':')
            && !iri
                .chars()
                .any(|c| c <= ' ' || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\'));
        if is_iri {
            Ok(iri)
        } else {
            Err(JsonLdError::Statement)
        }
    }

    /// A literal behind its first quotation mark.
    fn literal(&mut self) -> Result<Term, JsonLdError> {
        let lexical = self.until('"')?;
        if let Some(rest) = self.rest.strip_prefix("^^<") {
            self.rest = rest;
            let datatype = self.iri()?;
            return Ok(Term::Literal {
                lexical,
                datatype,
                language: None,
            });
        }
        if let Some(rest) = self.rest.strip_prefix('@') {
            let end = rest.find([' ', '\t']).ok_or(JsonLdError::Statement)?;
            let (language, rest) = rest.split_at(end);
            self.rest = rest;
            return if is_language_tag(language) {
                Ok(language_string(lexical, language))
            } else {
                Err(JsonLdError::Statement)
            };
        }
        Ok(Term::Literal {
            lexical,
            datatype: XSD_STRING.to_owned(),
            language: None,
        })
    }

    /// The text up to a character that is not escaped, which is passed over.
    fn until(&mut self, end: char) -> Result<String, JsonLdError> {
        // Hardly any text has an escape in it.
        let place = self.rest.find([end, '\\']).ok_or(JsonLdError::Statement)?;
        let (plain, behind) = self.rest.split_at(place);
        if let Some(behind) = behind.strip_prefix(end) {
            self.rest = behind;
            return Ok(plain.to_owned());
        }
        let mut text = String::new();
        let mut characters = self.rest.chars();
        loop {
            match characters.next().ok_or(JsonLdError::Statement)? {
                found if found == end => {
                    self.rest = characters.as_str();
                    return Ok(text);
                }
                '\\' => text.push(match characters.next() {
                    Some('b') => '\u{8}',
                    Some('t') => '\t',
                    Some('n') => '\n',
                    Some('f') => '\u{c}',
                    Some('r') => '\r',
                    Some(quoted @ ('"' | '\'' | '\\')) => quoted,
                    Some('u') => code_point(&mut characters, 4)?,
                    Some('U') => code_point(&mut characters, 8)?,
                    _ => return Err(JsonLdError::Statement),
                }),
                other => text.push(other),
            }
        }
    }
}

fn code_point(characters: &mut std::str::Chars<'_>, digits: usize) -> Result<char, JsonLdError> {
    let mut value = 0_u32;
    for _ in 0..digits {
        let digit = characters
            .next()
            .and_then(|digit| digit.to_digit(16))
            .ok_or(JsonLdError::Statement)?;
        value = value.checked_mul(16).ok_or(JsonLdError::Statement)? | digit;
    }
    char::from_u32(value).ok_or(JsonLdError::Statement)
}

/// A text with its language.
pub(crate) fn language_string(lexical: String, language: &str) -> Term {
    Term::Literal {
        lexical,
        datatype: LANGUAGE_STRING.to_owned(),
        language: Some(language.to_owned()),
    }
}

/// Whether a text has the form of a language tag ([RFC 5646 §2.1](https://www.rfc-editor.org/rfc/rfc5646#section-2.1), as
/// N-Quads has it).
pub(crate) fn is_language_tag(text: &str) -> bool {
    text.split('-').enumerate().all(|(position, subtag)| {
        (1..=8).contains(&subtag.len())
            && subtag.chars().all(|character| {
                character.is_ascii_alphabetic() || (position > 0 && character.is_ascii_digit())
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_statements_are_written_as_they_were_read() {
        for text in [
            "<a:b> <a:c> <a:d> .\n",
            "_:b0 <a:c> _:c14n10 _:g .\n",
            "<a:b> <a:c> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> <a:g> .\n",
            "<a:b> <a:c> \"tab\\tline\\nquote\\\"back\\\\ \\u0001\u{e9}\"@en-GB .\n",
        ] {
            assert_eq!(parse(text).unwrap().to_text(), text);
        }
        assert_eq!(
            parse("<a:b>  <a:c>  \"\\u00e9\\U0001F600\" . ")
                .unwrap()
                .to_text(),
            "<a:b> <a:c> \"\u{e9}\u{1f600}\" .\n"
        );
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        for text in [
            "",
            ".",
            "<a:b> <a:c> .",
            "\"x\" <a:c> <a:d> .",
            "<a:b> _:c <a:d> .",
            "<a:b> <a:c> <a:d> \"g\" .",
            "<a:b> <a:c> <a:d> . <e:f>",
            "<a:b> <a:c> <d> .",
            "<a:b> <a:c> \"x\"@e_n .",
            "<a:b> <a:c> \"x\\q\" .",
            "<a:b> <a:c> \"\\uD800\" .",
            "<a:b> <a:c> <a:d>",
        ] {
            assert_eq!(parse(text), Err(JsonLdError::Statement), "{text}");
        }
    }
}
