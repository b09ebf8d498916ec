//! What counts a policy's instructions and keeps NaNs alike: wasmtime's own, for now. Everything that knows it is here,
//! so that a pass over the component can take its place.

use wasmtime::{Config, OperatorCost, Store, VariableOperatorCost};

/// Instructions are counted by the compiled code, at our prices; every NaN that arithmetic makes has the same bits.
pub(super) fn configure(config: &mut Config) {
    config.consume_fuel(true);
    config.operator_cost(prices());
    config.cranelift_nan_canonicalization(true);
}

/// Gives a run its instructions.
pub(super) fn arm<T>(store: &mut Store<T>, instructions: u64) -> wasmtime::Result<()> {
    store.set_fuel(instructions)
}

/// How many are left.
pub(super) fn left<T>(store: &Store<T>) -> u64 {
    store.get_fuel().unwrap_or(0)
}

/// The price of an instruction: nothing where it makes no code, or only a place to jump to.
macro_rules! price {
    (Nop) => {
        0
    };
    (Drop) => {
        0
    };
    (Block) => {
        0
    };
    (Loop) => {
        0
    };
    (Unreachable) => {
        0
    };
    (Return) => {
        0
    };
    (Else) => {
        0
    };
    (End) => {
        0
    };
    ($name:ident) => {
        1
    };
}

macro_rules! price_list {
    ($(@$proposal:ident $name:ident $({ $($field:ident: $type:ty),* })? => $visit:ident ($($types:tt)*))*) => {
        OperatorCost { $($name: price!($name),)* variable: bulk_prices() }
    };
}

/// Every price is ours, so that counts do not follow what a version of wasmtime finds right.
const fn prices() -> OperatorCost {
    wasmparser::for_each_operator!(price_list)
}

/// What is charged for each byte or element, beside the instruction: work in proportion must cost in proportion.
const fn bulk_prices() -> VariableOperatorCost {
    VariableOperatorCost {
        memory_copy_per_byte: 1,
        memory_fill_per_byte: 1,
        memory_init_per_byte: 1,
        memory_grow_per_page: 0, // bounded by the limit of memory, and free for the host until it is touched
        table_copy_per_element: 1,
        table_fill_per_element: 1,
        table_init_per_element: 1,
        table_grow_per_element: 1,
        // There are no arrays: the feature is off.
        array_copy_per_element: 1,
        array_fill_per_element: 1,
        array_new_data_per_element: 1,
        array_init_data_per_element: 1,
        array_new_elem_per_element: 1,
        array_init_elem_per_element: 1,
        array_new_default_per_element: 1,
        array_new_per_element: 1,
    }
}
