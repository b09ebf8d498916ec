//! The ledger: who is whom, who is active, and what was paid.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{Collector, Fault, Place, shortened};

use super::address::Address;
use super::file::{Files, malformed};
use super::layout::LEDGER;

/// All that the ledger says, by the end of it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Those that were not merged into others, in the order in which they were made.
    pub(super) identities: Vec<Identity>,
    pub(super) distributions: Vec<Distribution>,
    /// How many distributions paid nobody.
    pub(super) empty_distributions: usize,
    /// How many entries of other kinds there are; what they say is in no epoch.
    pub(super) left_out: BTreeMap<String, usize>,
}

/// A participant: someone, with all accounts.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) name: String,
    /// `USER`, `BOT`, `PROJECT` or `ORGANIZATION`.
    pub(super) subtype: String,
    pub(super) address: Address,
    /// The nodes that are this one too.
    pub(super) aliases: Vec<Address>,
    /// When it could be paid: from the distribution of which place until before that of which.
    active: Vec<Range<usize>>,
    pub(super) place: Place,
}

/// What was paid at once.
#[derive(Debug)]
pub(super) struct Distribution {
    /// Cred counted up to here, in milliseconds since 1970.
    pub(super) cred_until: i64,
    /// When it was made, in milliseconds since 1970.
    pub(super) made: i64,
    /// What each got, in base units, by the place of the identity it is now.
    pub(super) paid: BTreeMap<usize, u128>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    action: Value,
    ledger_timestamp: i64,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawIdentity {
    id: String,
    name: String,
    subtype: String,
    address: String,
    #[serde(default)]
    aliases: Vec<RawAlias>,
}

#[derive(Deserialize)]
struct RawAlias {
    address: String,
}

#[derive(Deserialize)]
struct Create {
    identity: RawIdentity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rename {
    identity_id: String,
    new_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeType {
    identity_id: String,
    new_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddAlias {
    identity_id: String,
    alias: RawAlias,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Toggle {
    identity_id: String,
}

#[derive(Deserialize)]
struct Merge {
    base: String,
    target: String,
}

#[derive(Deserialize)]
struct Distribute {
    distribution: RawDistribution,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDistribution {
    cred_timestamp: i64,
    allocations: Vec<RawAllocation>,
}

#[derive(Deserialize)]
struct RawAllocation {
    receipts: Vec<RawReceipt>,
}

#[derive(Deserialize)]
struct RawReceipt {
    id: String,
    amount: String,
}

/// Reads entry after entry. Identities are merged at the end, so that no entry takes long.
#[derive(Default)]
struct Reader {
    ledger: Ledger,
    by_id: BTreeMap<String, usize>,
    by_address: BTreeMap<Address, usize>,
    /// For each identity one that it was merged into, or itself.
    merged_into: Vec<usize>,
}

impl Ledger {
    pub(super) fn read(files: &mut Files<'_>, file: usize) -> Ledger {
        let mut reader = Reader::default();
        let mut wrong = Vec::new();
        files.lines(file, &mut |place, entry: Entry| {
            if let Err(fault) = reader.entry(place, entry) {
                wrong.push((place, fault));
            }
        });
        for (place, fault) in wrong {
            files.problems.add(place, None, fault);
        }
        reader.finish(&mut files.problems)
    }
}

impl Reader {
    fn entry(&mut self, place: Place, entry: Entry) -> Result<(), Fault> {
        if entry.version != "1" {
            let version = shortened(&entry.version);
            return Err(Fault::Parameters(format!("is of version `{}`; 1 is read", version.escape_debug())));
        }
        let Some(kind) = entry.action.get("type").and_then(Value::as_str).map(str::to_owned) else {
            return Err(Fault::Parameters("has no `action` with a `type`".to_owned()));
        };
        match kind.as_str() {
            "CREATE_IDENTITY" => self.create(place, of::<Create>(entry.action)?.identity)?,
            "RENAME_IDENTITY" => {
                let Rename { identity_id, new_name } = of(entry.action)?;
                self.identity(&identity_id)?.name = new_name;
            }
            "CHANGE_IDENTITY_TYPE" => {
                let ChangeType { identity_id, new_type } = of(entry.action)?;
                self.identity(&identity_id)?.subtype = new_type;
            }
            "ADD_ALIAS" => {
                let AddAlias { identity_id, alias } = of(entry.action)?;
                let identity = self.place(&identity_id)?;
                self.alias(identity, &alias.address)?;
            }
            "MERGE_IDENTITIES" => self.merge(&of(entry.action)?)?,
            "TOGGLE_ACTIVATION" => {
                let now = self.ledger.distributions.len();
                self.identity(&of::<Toggle>(entry.action)?.identity_id)?.toggle(now);
            }
            "DISTRIBUTE_GRAIN" => {
                let Distribute { distribution } = of(entry.action)?;
                self.distribute(distribution, entry.ledger_timestamp)?;
            }
            other => *self.ledger.left_out.entry(shortened(other)).or_default() += 1,
        }
        Ok(())
    }

    fn create(&mut self, place: Place, raw: RawIdentity) -> Result<(), Fault> {
        let address = node_address(&raw.address)?;
        let number = self.ledger.identities.len();
        if self.by_id.insert(raw.id.clone(), number).is_some() {
            return Err(Fault::Twice(shortened(&raw.id)));
        }
        self.merged_into.push(number);
        self.ledger.identities.push(Identity {
            id: raw.id,
            name: raw.name,
            subtype: raw.subtype,
            address: address.clone(),
            aliases: Vec::new(),
            active: Vec::new(),
            place,
        });
        self.take(number, address)?;
        raw.aliases.iter().try_for_each(|alias| self.alias(number, &alias.address))
    }

    fn alias(&mut self, identity: usize, address: &str) -> Result<(), Fault> {
        let address = node_address(address)?;
        self.take(identity, address.clone())?;
        if let Some(identity) = self.ledger.identities.get_mut(identity) {
            identity.aliases.push(address);
        }
        Ok(())
    }

    /// Notes whose an address is: only ever one's.
    fn take(&mut self, identity: usize, address: Address) -> Result<(), Fault> {
        let shown = shortened(&address.id());
        match self.by_address.insert(address, identity) {
            Some(other) if self.survivor(other) != self.survivor(identity) => {
                Err(Fault::Parameters(format!("`{shown}` is another identity's already")))
            }
            _ => Ok(()),
        }
    }

    /// The target's accounts become the base's, and so does what it was paid.
    fn merge(&mut self, Merge { base, target }: &Merge) -> Result<(), Fault> {
        let (base, target) = (self.place(base)?, self.place(target)?);
        if base == target {
            return Err(Fault::Parameters("merges an identity with itself".to_owned()));
        }
        if let Some(into) = self.merged_into.get_mut(target) {
            *into = base;
        }
        let now = self.ledger.distributions.len();
        if let Some(identity) = self.ledger.identities.get_mut(target).filter(|target| target.active_at(now))
        {
            identity.toggle(now);
        }
        Ok(())
    }

    /// Who an identity is after all merges so far. Shortens the way for the next one who asks.
    fn survivor(&mut self, mut number: usize) -> usize {
        loop {
            let into = self.merged_into.get(number).copied().unwrap_or(number);
            if into == number {
                return number;
            }
            let further = self.merged_into.get(into).copied().unwrap_or(into);
            if let Some(shortened) = self.merged_into.get_mut(number) {
                *shortened = further;
            }
            number = further;
        }
    }

    fn distribute(&mut self, raw: RawDistribution, made: i64) -> Result<(), Fault> {
        let (cred_until, made) = (checked_time(raw.cred_timestamp)?, checked_time(made)?);
        let mut paid = BTreeMap::<usize, u128>::new();
        let mut sum = 0_u128;
        for RawReceipt { id, amount } in
            raw.allocations.into_iter().flat_map(|allocation| allocation.receipts)
        {
            let parsed = amount.parse().ok().filter(|_| amount.bytes().all(|byte| byte.is_ascii_digit()));
            let total = parsed.and_then(|amount: u128| sum.checked_add(amount).map(|sum| (amount, sum)));
            let Some((amount, total)) = total else {
                let shown = shortened(&amount);
                return Err(Fault::Parameters(format!(
                    "`{}` is not an amount of grain",
                    shown.escape_debug()
                )));
            };
            sum = total;
            *paid.entry(self.place(&id)?).or_default() += amount;
        }
        if sum == 0 {
            self.ledger.empty_distributions += 1;
        } else {
            self.ledger.distributions.push(Distribution { cred_until, made, paid });
        }
        Ok(())
    }

    /// The place of an identity that is still its own.
    fn place(&self, id: &str) -> Result<usize, Fault> {
        let place = self.by_id.get(id).copied().filter(|place| self.merged_into.get(*place) == Some(place));
        place.ok_or_else(|| {
            let shown = shortened(id);
            Fault::Parameters(format!("there is no identity `{}` here", shown.escape_debug()))
        })
    }

    fn identity(&mut self, id: &str) -> Result<&mut Identity, Fault> {
        let place = self.place(id)?;
        self.ledger.identities.get_mut(place).ok_or(Fault::Missing)
    }

    /// Merges those that were merged.
    fn finish(mut self, problems: &mut Collector) -> Ledger {
        let survivors: Vec<usize> = (0..self.merged_into.len()).map(|number| self.survivor(number)).collect();
        let mut places = BTreeMap::new();
        for (number, _) in survivors.iter().enumerate().filter(|(number, survivor)| number == *survivor) {
            places.insert(number, places.len());
        }
        let place =
            |number: &usize| survivors.get(*number).and_then(|survivor| places.get(survivor)).copied();
        let (mut kept, mut merged) = (Vec::new(), Vec::new());
        for (number, identity) in std::mem::take(&mut self.ledger.identities).into_iter().enumerate() {
            if survivors.get(number) == Some(&number) { &mut kept } else { &mut merged }
                .push((number, identity));
        }
        self.ledger.identities = kept.into_iter().map(|(_, identity)| identity).collect();
        for (number, Identity { address, aliases, active, .. }) in merged {
            let base = place(&number).and_then(|place| self.ledger.identities.get_mut(place));
            if let Some(base) = base {
                base.aliases.extend(aliases.into_iter().chain([address]));
                base.active.extend(active);
            }
        }
        for distribution in &mut self.ledger.distributions {
            let mut paid = BTreeMap::<usize, u128>::new();
            for (number, amount) in &distribution.paid {
                // Together they are what was summed up when it was read.
                *paid.entry(place(number).unwrap_or(0)).or_default() += amount;
            }
            distribution.paid = paid;
        }
        if self.ledger.identities.is_empty() {
            let nobody = Fault::Parameters("has no identity: there is nobody to pay".to_owned());
            problems.add_file(LEDGER, nobody);
        }
        self.ledger
    }
}

impl Identity {
    /// Whether it could be paid by the distribution of this place, under any of its names.
    pub(super) fn active_at(&self, distribution: usize) -> bool {
        self.active.iter().any(|span| span.contains(&distribution))
    }

    fn toggle(&mut self, now: usize) {
        match self.active.last_mut() {
            Some(span) if span.end == usize::MAX => span.end = now,
            _ => self.active.push(now..usize::MAX),
        }
    }
}

/// An action by its kind.
fn of<T: DeserializeOwned>(action: Value) -> Result<T, Fault> {
    serde_json::from_value(action).map_err(|error| malformed(&error))
}

fn node_address(text: &str) -> Result<Address, Fault> {
    Address::marked(text, 'N').ok_or_else(|| {
        let shown = shortened(text);
        Fault::Parameters(format!("`{}` is not the address of a node", shown.escape_debug()))
    })
}

/// Milliseconds since 1970, in the years 1 to 9999.
pub(super) fn checked_time(milliseconds: i64) -> Result<i64, Fault> {
    const MILLISECONDS: Range<i64> = -62_135_596_800_000..253_402_300_800_000;
    if MILLISECONDS.contains(&milliseconds) {
        return Ok(milliseconds);
    }
    Err(Fault::Parameters(format!("{milliseconds} is not a time in milliseconds since 1970")))
}
