//! A hostile component, and how it must end.

/// How a case must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// In a fault with this code, as receipts spell it.
    Fault(String),
    /// Refused at admission, with an error that says this.
    NotAdmitted(String),
    /// In these payouts: it does no harm.
    Pays(Vec<u128>),
}

/// A hostile component and how it must end.
pub struct Case {
    /// The file's name, or the maker's.
    pub name: String,
    /// What it tries.
    pub tries: String,
    /// What it is given, as JSON.
    pub parameters: String,
    /// How that ends.
    pub end: End,
    pub(super) make: Box<dyn Fn() -> Vec<u8>>,
}

impl Case {
    /// The component; made when it is wanted, because some are large.
    pub fn component(&self) -> Vec<u8> {
        (self.make)()
    }

    /// A case that no file holds.
    pub(super) fn made(name: &str, tries: &str, end: End, make: impl Fn() -> Vec<u8> + 'static) -> Case {
        let (name, tries, parameters) = (name.to_owned(), tries.to_owned(), "{}".to_owned());
        Case { name, tries, parameters, end, make: Box::new(make) }
    }
}
