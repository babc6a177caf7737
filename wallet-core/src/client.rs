//! Who the wallet is to authorization servers.

use std::sync::Arc;

use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use crate::language::Languages;
use crate::ports::AttestWallet;

/// Who the wallet is to authorization servers. A wallet without it receives by the pre-authorized code flow alone, and
/// anonymously.
#[derive(Clone)]
pub struct WalletClient {
    /// The `client_id`, the same for every instance of the wallet.
    pub identifier: ClientIdentifier,
    /// Where the browser brings the issuer's answers: an address that leads back into the app.
    pub redirect_uri: RedirectUri,
    /// The provider of the wallet, where it attests its instances. Without it the wallet is a public client.
    pub attester: Option<Arc<dyn AttestWallet>>,
    /// The languages of the pages that the person signs in on: `ui_locales` of the request ([OpenID Connect Core §3.1.2.1]).
    ///
    /// [OpenID Connect Core §3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
    pub languages: Languages,
}
