//! `doorward doctor`: a deployment that is as it should be, and each thing that can be wrong with one, with its remedy.

mod clinic;
mod kcadm;

mod away;
mod database;
mod files;
mod lines;
mod probe;
mod realm;
mod secrets;
mod settings;
mod well;
