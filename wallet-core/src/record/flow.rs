//! An unfinished or recently finished flow.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;

use super::write::{RecordError, decode, encode};
use crate::identifiers::FlowId;
use crate::present::{OriginStage, PresentStage};
use crate::receive::ReceiveStage;

/// One run of receiving or presenting, at the last point that was made durable. It holds codes and tokens, so it has neither
/// `Clone` nor `Debug`.
#[derive(Serialize, Deserialize)]
pub struct Flow {
    /// The flow's name.
    pub id: FlowId,
    /// Counts the writes of this flow, from 1.
    pub revision: u64,
    /// When it began.
    pub started: UnixTime,
    /// When it was written last.
    pub updated: UnixTime,
    /// What the browser that brought it is known by, in the words of whoever bound it; nothing of flows that no browser brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<String>,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a flow stands.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Receiving credentials.
    Receive(ReceiveStage),
    /// Presenting credentials.
    Present(PresentStage),
    /// Presenting credentials over the Digital Credentials API.
    AtOrigin(OriginStage),
}

impl Stage {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(
            self,
            Self::Receive(ReceiveStage::Finished(_) | ReceiveStage::Renewable(_))
                | Self::Present(PresentStage::Finished(_))
                | Self::AtOrigin(OriginStage::Finished(_))
        )
    }

    /// The keys that the flow has made and still needs. Those of the credentials that it has stored are theirs.
    pub fn keys(&self) -> impl Iterator<Item = &KeyHandle> {
        let stage = match self {
            Self::Receive(stage) => Some(stage),
            Self::Present(_) | Self::AtOrigin(_) => None,
        };
        let token_key = stage.and_then(ReceiveStage::token_key);
        token_key
            .into_iter()
            .chain(stage.into_iter().flat_map(ReceiveStage::credential_keys))
    }
}

impl Flow {
    /// A second copy, by way of the written form: one goes to the store, the other goes on.
    pub(crate) fn duplicate(&self) -> Result<Self, RecordError> {
        decode(&encode(self)?)
    }
}
