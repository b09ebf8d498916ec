//! `wasi:cli`: no environment, no arguments, no terminal, no input; what is printed goes to the log.

use wasmtime::component::Resource;

use super::bindings::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use super::bindings::wasi::io::streams::{InputStream, OutputStream};
use super::handles;
use crate::state::State;
use crate::verdict::stop;
use apportion_core::fault::FaultCode;

impl environment::Host for State {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.charge(0, 0)?;
        Ok(Vec::new())
    }
    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        self.charge(0, 0)?;
        Ok(Vec::new())
    }
    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}

impl exit::Host for State {
    fn exit(&mut self, _: Result<(), ()>) -> wasmtime::Result<()> {
        Err(stop(FaultCode::Unreachable, "it stopped itself by asking to exit"))
    }
    fn exit_with_code(&mut self, _: u8) -> wasmtime::Result<()> {
        exit::Host::exit(self, Ok(()))
    }
}

impl stdin::Host for State {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<InputStream>> {
        handles::hold(self, 0)
    }
}

impl stdout::Host for State {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        handles::hold(self, 0)
    }
}

impl stderr::Host for State {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<OutputStream>> {
        handles::hold(self, 0)
    }
}

impl terminal_input::Host for State {}
impl terminal_input::HostTerminalInput for State {
    fn drop(&mut self, _: Resource<terminal_input::TerminalInput>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl terminal_output::Host for State {}
impl terminal_output::HostTerminalOutput for State {
    fn drop(&mut self, _: Resource<terminal_output::TerminalOutput>) -> wasmtime::Result<()> {
        Ok(())
    }
}

// Nothing is a terminal.
impl terminal_stdin::Host for State {
    fn get_terminal_stdin(&mut self) -> wasmtime::Result<Option<Resource<terminal_input::TerminalInput>>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}

impl terminal_stdout::Host for State {
    fn get_terminal_stdout(&mut self) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}

impl terminal_stderr::Host for State {
    fn get_terminal_stderr(&mut self) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}
