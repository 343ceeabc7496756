use crate::calls::Calls;
use kabao_core::error::Outcome;
use kabao_core::operator::{OperatorClient as Part, OperatorView};

/// Who runs this wallet, and under which licence.
#[derive(uniffi::Object)]
pub struct OperatorClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl OperatorClient {
    /// Who runs this wallet, as far as this phone knows. Works without network and before there is an account. Before the
    /// first answer the standing is `unknown`. While it is `unverified`, `register` and `replace_begin` fail with
    /// `operator_unverified`.
    pub async fn wallet_profile(&self) -> Outcome<OperatorView> {
        self.0.run(|operator| async move { operator.wallet_profile().await }).await
    }

    /// Asks the service now. What holds already stays until its time is over; what came and was refused stands in `refused`.
    pub async fn refresh_profile(&self) -> Outcome<OperatorView> {
        self.0.run(|operator| async move { operator.refresh_profile().await }).await
    }
}
