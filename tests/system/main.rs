//! The whole system over real months, hostile policies and damaged files: one binary, one module a subject.

mod damage;
mod golden;
mod hostile;
mod house;
mod retro_funding;
