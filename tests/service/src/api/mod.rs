//! The paths of the contract, one file for each thing that a person does. A path reads its request, works on
//! the book in one transaction, and answers.

pub mod account;
pub mod asks;
pub mod bank_transfer;
pub mod cards;
pub mod classes;
pub mod consents;
pub mod face;
pub mod devices;
pub mod closures;
pub mod contacts;
pub mod feeds;
pub mod guardian;
pub mod history;
pub mod identity;
pub mod limits;
pub mod payer_codes;
pub mod payments;
pub mod people;
pub mod phone;
pub mod phone_changes;
pub mod pin_resets;
pub mod quotes;
pub mod refunds;
pub mod registration;
pub mod removals;
pub mod renewal;
pub mod renewing;
pub mod replacement;
pub mod secure;
pub mod sign_in;

use crate::service::Service;
use axum::extract::State;
use std::sync::Arc;

/// The service that a path works on.
pub(crate) type App = State<Arc<Service>>;
