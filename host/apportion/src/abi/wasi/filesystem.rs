//! `wasi:filesystem`: there are no files.
//!
//! A policy is given no directory to begin with, so it never holds a descriptor, and without one wasmtime refuses every
//! call below before it gets here. The interface has to be there because languages link it whether they use it or not.

use wasmtime::component::Resource;

use super::bindings::wasi::filesystem::preopens;
use super::bindings::wasi::filesystem::types::{
    self, Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use super::bindings::wasi::io::error::Error;
use super::bindings::wasi::io::streams::{InputStream, OutputStream};
use crate::state::State;

/// Functions that take a handle which no policy can have.
macro_rules! out_of_reach {
    ($($function:ident($($argument:ty),*) -> $result:ty;)*) => {
        $(fn $function(&mut self, $(_: $argument),*) -> wasmtime::Result<$result> {
            Err(wasmtime::Error::msg("it used a descriptor that nobody gave it"))
        })*
    };
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        self.charge(0, 0)?;
        Ok(Vec::new())
    }
}

impl types::Host for State {
    out_of_reach! {
        filesystem_error_code(Resource<Error>) -> Option<ErrorCode>;
    }
}

impl types::HostDescriptor for State {
    out_of_reach! {
        read_via_stream(Resource<Descriptor>, u64) -> Result<Resource<InputStream>, ErrorCode>;
        write_via_stream(Resource<Descriptor>, u64) -> Result<Resource<OutputStream>, ErrorCode>;
        append_via_stream(Resource<Descriptor>) -> Result<Resource<OutputStream>, ErrorCode>;
        advise(Resource<Descriptor>, u64, u64, Advice) -> Result<(), ErrorCode>;
        sync_data(Resource<Descriptor>) -> Result<(), ErrorCode>;
        get_flags(Resource<Descriptor>) -> Result<DescriptorFlags, ErrorCode>;
        get_type(Resource<Descriptor>) -> Result<DescriptorType, ErrorCode>;
        set_size(Resource<Descriptor>, u64) -> Result<(), ErrorCode>;
        set_times(Resource<Descriptor>, NewTimestamp, NewTimestamp) -> Result<(), ErrorCode>;
        read(Resource<Descriptor>, u64, u64) -> Result<(Vec<u8>, bool), ErrorCode>;
        write(Resource<Descriptor>, Vec<u8>, u64) -> Result<u64, ErrorCode>;
        read_directory(Resource<Descriptor>) -> Result<Resource<DirectoryEntryStream>, ErrorCode>;
        sync(Resource<Descriptor>) -> Result<(), ErrorCode>;
        create_directory_at(Resource<Descriptor>, String) -> Result<(), ErrorCode>;
        stat(Resource<Descriptor>) -> Result<DescriptorStat, ErrorCode>;
        stat_at(Resource<Descriptor>, PathFlags, String) -> Result<DescriptorStat, ErrorCode>;
        set_times_at(Resource<Descriptor>, PathFlags, String, NewTimestamp, NewTimestamp)
            -> Result<(), ErrorCode>;
        link_at(Resource<Descriptor>, PathFlags, String, Resource<Descriptor>, String)
            -> Result<(), ErrorCode>;
        open_at(Resource<Descriptor>, PathFlags, String, OpenFlags, DescriptorFlags)
            -> Result<Resource<Descriptor>, ErrorCode>;
        readlink_at(Resource<Descriptor>, String) -> Result<String, ErrorCode>;
        remove_directory_at(Resource<Descriptor>, String) -> Result<(), ErrorCode>;
        rename_at(Resource<Descriptor>, String, Resource<Descriptor>, String) -> Result<(), ErrorCode>;
        symlink_at(Resource<Descriptor>, String, String) -> Result<(), ErrorCode>;
        unlink_file_at(Resource<Descriptor>, String) -> Result<(), ErrorCode>;
        is_same_object(Resource<Descriptor>, Resource<Descriptor>) -> bool;
        metadata_hash(Resource<Descriptor>) -> Result<MetadataHashValue, ErrorCode>;
        metadata_hash_at(Resource<Descriptor>, PathFlags, String) -> Result<MetadataHashValue, ErrorCode>;
        drop(Resource<Descriptor>) -> ();
    }
}

impl types::HostDirectoryEntryStream for State {
    out_of_reach! {
        read_directory_entry(Resource<DirectoryEntryStream>) -> Result<Option<DirectoryEntry>, ErrorCode>;
        drop(Resource<DirectoryEntryStream>) -> ();
    }
}
