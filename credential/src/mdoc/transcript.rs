//! Session transcripts: what binds a presentation to one request.

use sha2::{Digest as _, Sha256};
use symbolon_crypto::Thumbprint;
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor, write};

/// What a kept transcript may have: an engagement of 4 KiB, a key, and two messages of an NFC handover.
const KEPT_TRANSCRIPT_BUDGET: CborBudget = CborBudget {
    bytes: 16 << 10,
    depth: 4,
    items: 16,
};

/// How a proximity session began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handover {
    /// With a QR code.
    QrCode,
    /// Over NFC.
    Nfc {
        /// The handover select message.
        select: Vec<u8>,
        /// The handover request message, of a negotiated handover.
        request: Option<Vec<u8>>,
    },
}

/// The session transcript of one session, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTranscript(Vec<u8>);

impl SessionTranscript {
    /// The transcript of an OpenID4VP request by redirect or QR code
    /// ([OpenID4VP 1.0 appendix B.2.6.1](https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.6.1)).
    ///
    /// `client_id` as it stands in the request, with its prefix; `encryption_key` is the thumbprint of the key that the response
    /// is encrypted to, if it is; `response_uri` is the request's `response_uri`, or its `redirect_uri`.
    #[must_use]
    pub fn openid4vp(
        client_id: &str,
        nonce: &str,
        encryption_key: Option<&Thumbprint>,
        response_uri: &str,
    ) -> Self {
        let mut info = Vec::with_capacity(192);
        write::array(&mut info, 4);
        write::text(&mut info, client_id);
        write::text(&mut info, nonce);
        write_thumbprint(&mut info, encryption_key);
        write::text(&mut info, response_uri);
        Self::of_hashed_handover("OpenID4VPHandover", &info)
    }

    /// The transcript of an OpenID4VP request over the Digital Credentials API (appendix B.2.6.2). `origin` stands without the
    /// prefix `origin:`.
    #[must_use]
    pub fn openid4vp_dc_api(origin: &str, nonce: &str, encryption_key: Option<&Thumbprint>) -> Self {
        let mut info = Vec::with_capacity(128);
        write::array(&mut info, 3);
        write::text(&mut info, origin);
        write::text(&mut info, nonce);
        write_thumbprint(&mut info, encryption_key);
        Self::of_hashed_handover("OpenID4VPDCAPIHandover", &info)
    }

    /// The transcript of a request of ISO/IEC 18013-7 Annex C over the Digital Credentials API. `encryption_info` is the
    /// request's `encryptionInfo`, the base64url text.
    #[must_use]
    pub fn iso_dc_api(encryption_info: &str, origin: &str) -> Self {
        let mut info = Vec::with_capacity(256);
        write::array(&mut info, 2);
        write::text(&mut info, encryption_info);
        write::text(&mut info, origin);
        Self::of_hashed_handover("dcapi", &info)
    }

    /// The transcript of a request that was read from QR codes and is answered by QR codes (`docs/qr-presentation.md`). Its label is
    /// of no other mode, so that no device signature for another mode is good here, and none from here elsewhere.
    #[must_use]
    pub fn symbolon_qr(client_id: &str, nonce: &str, encryption_key: &Thumbprint) -> Self {
        let mut info = Vec::with_capacity(192);
        write::array(&mut info, 3);
        write::text(&mut info, client_id);
        write::text(&mut info, nonce);
        write::bytes(&mut info, encryption_key.as_bytes());
        Self::of_hashed_handover("SymbolonQrHandover", &info)
    }

    /// The transcript of a session in proximity. `device_engagement` and `e_reader_key` are the encoded structures, without tag
    /// 24 around them.
    #[must_use]
    pub fn proximity(device_engagement: &[u8], e_reader_key: &[u8], handover: &Handover) -> Self {
        let mut encoded = Vec::with_capacity(device_engagement.len().saturating_add(128));
        write::array(&mut encoded, 3);
        write::encoded_item(&mut encoded, device_engagement);
        write::encoded_item(&mut encoded, e_reader_key);
        match handover {
            Handover::QrCode => write::null(&mut encoded),
            Handover::Nfc { select, request } => {
                write::array(&mut encoded, 2);
                write::bytes(&mut encoded, select);
                match request {
                    Some(request) => write::bytes(&mut encoded, request),
                    None => write::null(&mut encoded),
                }
            }
        }
        Self(encoded)
    }

    /// Takes a transcript of a session in proximity that was kept. `None` for what has another form, such as the transcripts of
    /// requests over a network.
    #[must_use]
    pub fn parse_proximity(encoded: &[u8]) -> Option<Self> {
        let mut transcript = Cursor::new(encoded, KEPT_TRANSCRIPT_BUDGET).ok()?;
        if transcript.array()? != 3 {
            return None;
        }
        for _engagement_and_key in 0..2 {
            transcript.expect_tag(24)?;
            transcript.bytes()?;
        }
        if transcript.null().is_none() {
            if transcript.array()? != 2 {
                return None;
            }
            transcript.bytes()?;
            transcript
                .null()
                .or_else(|| transcript.bytes().map(|_request| ()))?;
        }
        transcript.is_at_end().then(|| Self(encoded.to_vec()))
    }

    /// The encoded transcript.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `SessionTranscriptBytes`: the encoded transcript within tag 24.
    #[must_use]
    pub fn to_encoded_item(&self) -> Vec<u8> {
        let mut item = Vec::with_capacity(self.0.len().saturating_add(8));
        write::encoded_item(&mut item, &self.0);
        item
    }

    fn of_hashed_handover(name: &str, info: &[u8]) -> Self {
        let mut encoded = Vec::with_capacity(96);
        write::array(&mut encoded, 3);
        write::null(&mut encoded);
        write::null(&mut encoded);
        write::array(&mut encoded, 2);
        write::text(&mut encoded, name);
        write::bytes(&mut encoded, &Sha256::digest(info));
        Self(encoded)
    }
}

fn write_thumbprint(out: &mut Vec<u8>, thumbprint: Option<&Thumbprint>) {
    match thumbprint {
        Some(thumbprint) => write::bytes(out, thumbprint.as_bytes()),
        None => write::null(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a transcript whose array at this place has another length, with this behind its last member, or without that.
    fn read_with(
        kept: &SessionTranscript,
        place: usize,
        array: u8,
        behind: &[u8],
    ) -> Option<SessionTranscript> {
        let mut changed = kept.as_bytes().to_vec();
        *changed.get_mut(place).unwrap() = array;
        match behind {
            [] => drop(changed.pop()),
            _ => changed.extend_from_slice(behind),
        }
        SessionTranscript::parse_proximity(&changed)
    }

    #[test]
    fn a_kept_transcript_is_one_of_a_session_in_proximity() {
        let nfc = |request: Option<&[u8]>| Handover::Nfc {
            select: vec![1],
            request: request.map(<[u8]>::to_vec),
        };
        for handover in [Handover::QrCode, nfc(None), nfc(Some(&[2]))] {
            let kept = SessionTranscript::proximity(&[0xa0], &[0xa0], &handover);
            let read = SessionTranscript::parse_proximity(kept.as_bytes());
            assert_eq!(read.as_ref(), Some(&kept), "{handover:?}");
            let mut longer = kept.as_bytes().to_vec();
            longer.push(0);
            assert_eq!(SessionTranscript::parse_proximity(&longer), None);
            let shorter = longer.get(..longer.len() - 2).unwrap();
            assert_eq!(SessionTranscript::parse_proximity(shorter), None);
            // In another tag.
            for place in [2, 6] {
                let mut changed = kept.as_bytes().to_vec();
                assert_eq!(changed.get(place), Some(&24));
                *changed.get_mut(place).unwrap() = 25;
                assert_eq!(SessionTranscript::parse_proximity(&changed), None);
            }
            // In an array of one more, and of one less.
            assert_eq!(read_with(&kept, 0, 0x84, &[0xf6]), None, "{handover:?}");
        }
        let kept = SessionTranscript::proximity(&[0xa0], &[0xa0], &Handover::QrCode);
        assert_eq!(read_with(&kept, 0, 0x82, &[]), None);
        let kept = SessionTranscript::proximity(&[0xa0], &[0xa0], &nfc(None));
        let messages = kept.as_bytes().len() - 4;
        assert_eq!(read_with(&kept, messages, 0x83, &[0xf6]), None);
        assert_eq!(read_with(&kept, messages, 0x81, &[]), None);
        for other in [
            SessionTranscript::openid4vp("client", "nonce", None, "https://a.example"),
            SessionTranscript::openid4vp_dc_api("https://a.example", "nonce", None),
        ] {
            assert_eq!(SessionTranscript::parse_proximity(other.as_bytes()), None);
        }
        assert_eq!(SessionTranscript::parse_proximity(&[0xf6]), None);
    }
}
