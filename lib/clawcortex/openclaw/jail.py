"""Confine this process, then become another: `python -I -S jail.py '{"argv": […], …}'`; standard library only.

What is given up before the command begins, and cannot be got back (Linux):

    limits     of CPU time, memory, output, open files (RLIMIT_CPU AS FSIZE NOFILE NPROC CORE)
    network    no socket but a pair of its own (seccomp)
    processes  no fork, no thread, no signal, no trace of another one (seccomp)
    files      only the named folders can be read (Landlock); nothing is written, no mode, owner or time changed

Why it could not be confined is written to the file descriptor `told`; nothing stands there once the command runs.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
ALLOW, DENY, KILL = 0x7FFF0000, 0x00050001, 0x80000000
"""What a filter returns; DENY is the error EPERM."""
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, NEW_LIMIT = 0, 4, 32
"""Places in what a filter sees: the call's number, the machine, the low half of the third argument."""
X32 = 0x40000000
MACHINES: Mapping[str, tuple[int, int, str]] = {
    "x86_64": (
        0xC000003E,
        302,
        """
        41 42 49 | 57 58 56 435 62 200 234 129 297 434 424 438 101 310 311 440 312 | 425 321 250 248 249 323 298 |
        76 90 91 268 452 92 93 94 260 188 189 190 197 198 199 463 466 132 235 280 261 304 |
        272 308 161 155 165 166 428 429 430 431 432 433 442 163 167 168 169 175 313 176 246 320 164 227 305 159
        170 171 | 179 103 300 172 173 154 | 160 203 141 251 144 142 314 279 256 | 29 68 64 240
        """,
    ),
    "aarch64": (
        0xC00000B7,
        261,
        """
        198 203 200 | 220 435 129 130 131 138 240 434 424 438 117 270 271 440 272 | 425 280 219 217 218 282 241 |
        45 52 53 452 55 54 5 6 7 14 15 16 463 466 88 265 |
        97 268 51 41 40 39 428 429 430 431 432 433 442 89 224 225 142 105 273 106 104 294 170 112 266 171 161 162 |
        60 116 262 | 164 122 140 30 119 118 274 239 238 | 194 186 190 180
        """,
    ),
}
"""The audit number of a machine, its prlimit64, and the calls that are denied, in this order:

socket connect bind | fork vfork clone clone3 kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open
pidfd_send_signal pidfd_getfd ptrace process_vm_readv process_vm_writev process_madvise kcmp | io_uring_setup bpf keyctl
add_key request_key userfaultfd perf_event_open | what changes a file and is no business of Landlock's: truncate, chmod,
chown, setxattr, removexattr, utime in all their forms, open_by_handle_at | what only root may: unshare setns chroot
pivot_root mount umount2 open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr acct swapon swapoff reboot
init_module finit_module delete_module kexec_load kexec_file_load settimeofday clock_settime clock_adjtime adjtimex
sethostname setdomainname | quotactl syslog fanotify_init (iopl ioperm modify_ldt) | what changes other processes:
setrlimit sched_setaffinity setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr move_pages
migrate_pages | shmget msgget semget mq_open
"""
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo")
FILES = ("/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", "/dev/null")


class CannotConfineError(Exception):
    """Say what this machine cannot take away."""


def main() -> None:
    """Confine and execute what the first argument says."""
    told = asked = None
    try:
        asked = json.loads(sys.argv[1])
        told = int(asked["told"])
        os.set_inheritable(told, False)  # noqa: FBT003 (it takes no name)
        confine(asked)
        os.execve(asked["argv"][0], asked["argv"], {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"})  # noqa: S606
    except (CannotConfineError, OSError, ValueError, KeyError) as error:
        if told is not None:
            os.write(told, str(error).encode()[:500])
        sys.exit(1)


def confine(asked: Mapping[str, Any]) -> None:
    """Give up what the docstring above says."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        raise CannotConfineError(f"there is no confinement for {sys.platform} on {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    _succeeds(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "end with its parent")
    _succeeds(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "gain no rights")
    for kind, most in asked["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (most, most))
    _restrict_files(libc, [*asked["reads"], *LIBRARIES])
    _restrict_calls(libc)


def _succeeds(result: int, what: str) -> int:
    if result < 0:
        raise CannotConfineError(f"cannot {what}: {os.strerror(ctypes.get_errno())}")
    return result


def _restrict_files(libc: ctypes.CDLL, folders: Sequence[str]) -> None:
    abi = _succeeds(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1), "use Landlock")
    rights = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5)
    handled = struct.pack("QQQ", (1 << rights) - 1, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    ruleset = _succeeds(
        libc.syscall(CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0), "make rules for files"
    )
    for name in folders:
        if Path(name).is_dir():
            _permit(libc, ruleset, name, EXECUTE | READ_FILE | READ_DIR)
    for name in FILES:
        if Path(name).exists():
            _permit(libc, ruleset, name, READ_FILE | (WRITE_FILE if name == "/dev/null" else 0))
    _succeeds(libc.syscall(RESTRICT_SELF, ruleset, 0), "keep to rules for files")
    os.close(ruleset)


def _permit(libc: ctypes.CDLL, ruleset: int, name: str, access: int) -> None:
    place = os.open(name, os.O_PATH | os.O_CLOEXEC)
    _succeeds(libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", access, place), 0), f"permit {name}")
    os.close(place)


def _restrict_calls(libc: ctypes.CDLL) -> None:
    machine, limits, denied = MACHINES[platform.machine()]
    program = [(LOAD, 0, 0, ARCHITECTURE), (JUMP_EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL)]
    program += [(LOAD, 0, 0, NUMBER), (JUMP_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for number in map(int, denied.replace("|", " ").split()):
        program += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, DENY)]
    program += [(JUMP_EQUAL, 0, 6, limits)]  # reading a limit is harmless: no new one is given
    for half in (NEW_LIMIT, NEW_LIMIT + 4):
        program += [(LOAD, 0, 0, half), (JUMP_EQUAL, 1, 0, 0), (RETURN, 0, 0, DENY)]
    program += [(RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    kept = ctypes.create_string_buffer(code, len(code))
    wanted = struct.pack("HxxxxxxP", len(program), ctypes.addressof(kept))
    _succeeds(libc.prctl(PR_SET_SECCOMP, 2, wanted, 0, 0), "filter system calls")


if __name__ == "__main__":
    main()
