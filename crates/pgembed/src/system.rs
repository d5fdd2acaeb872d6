//! The three things that only the kernel can do for us; the only unsafe code of the workspace.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The user this process acts as.
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: `geteuid` takes nothing, touches no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// Makes the kernel interrupt `command` when the thread that spawned it ends.
///
/// Must be the last hook of `command`: a change of user clears the signal, and the standard
/// library changes the user before it runs these hooks.
pub(crate) fn interrupt_with_parent(command: &mut Command) -> io::Result<()> {
    let parent = pid_t(std::process::id())?;
    // SAFETY: between fork and exec the hook makes two system calls and allocates nothing;
    // `from_raw_os_error` and `last_os_error` only hold a number.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT) == -1 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have died before the line above: then nobody would ever interrupt us.
            if libc::getppid() == parent {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(libc::ESRCH))
            }
        });
    }
    Ok(())
}

/// Sends the signal that Postgres calls fast shutdown.
///
/// The caller knows that `pid` is still the process it means: its own unreaped child, or one just
/// read from `/proc`.
pub(crate) fn interrupt(pid: u32) -> io::Result<()> {
    let pid = pid_t(pid)?;
    // SAFETY: `kill` takes two numbers and touches no memory.
    if unsafe { libc::kill(pid, libc::SIGINT) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A process number above zero: `kill` gives zero and negative ones a far wider meaning.
fn pid_t(pid: u32) -> io::Result<libc::pid_t> {
    match libc::pid_t::try_from(pid) {
        Ok(pid) if pid > 0 => Ok(pid),
        _ => Err(io::Error::from_raw_os_error(libc::ESRCH)),
    }
}
