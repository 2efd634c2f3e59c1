"""What a job tries in order to get out of its sandbox. Each attempt is a few lines of Python that
print WON when they succeed, or what they got. Judges nothing.

`$HOST` is a folder of the host that anybody may write to, with `secret` and `door` (a socket) in
it; `$PORT` a port that the host listens on, `$DOOR` an abstract socket, `$PID` a process of the
host, `$DATA` the bot's data. $CANARY is in every secret.
"""

from typing import NamedTuple


class Attempt(NamedTuple):
    """`tries` is what it is for, in words; `bare`: without a sandbox it does succeed."""

    tries: str
    code: str
    bare: bool = False


PRELUDE = """
import ctypes, glob, os, resource, signal, socket, stat, struct, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def connect(family, where, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as line:
        line.settimeout(1)
        line.connect(where)
        print("WON")
def opened(path, how=os.O_RDWR):
    os.close(os.open(path, how))
    print("WON")
def content(path):
    try:
        return open(path, "rb").read(65536)
    except OSError:
        return b""  # it has ended
def read(*paths):
    for path in paths:
        try:
            print(path, open(path, "rb").read(65536).decode("utf-8", "replace"))
        except OSError as error:
            print(path, error)
def zero(result):
    print("WON" if result == 0 else os.strerror(ctypes.get_errno()))
"""

NETWORK = (
    Attempt("a port of the host's loopback", "connect(socket.AF_INET, ('127.0.0.1', $PORT))", True),
    Attempt("the same by IPv6", "connect(socket.AF_INET6, ('::ffff:127.0.0.1', $PORT))", True),
    Attempt("the same by any address", "connect(socket.AF_INET, ('0.0.0.0', $PORT))", True),
    Attempt("a server of the internet", "connect(socket.AF_INET, ('1.1.1.1', 53))"),
    Attempt("the cloud's metadata", "connect(socket.AF_INET, ('169.254.169.254', 80))"),
    Attempt("a name", "print(socket.getaddrinfo('example.org', 80)); print('WON')"),
    Attempt("an abstract socket", "connect(socket.AF_UNIX, '\\0$DOOR')", True),
    Attempt("a socket in the file system", "connect(socket.AF_UNIX, '$HOST/door')", True),
    Attempt("raw packets", "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); print('WON')"),
    Attempt("frames", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3); print('WON')"),
    Attempt(
        "another interface",
        "print(socket.if_nameindex()); print('WON' if len(socket.if_nameindex()) > 1 else '')",
    ),
    Attempt("a virtual machine's host", "socket.socket(socket.AF_VSOCK); print('WON')", True),
    Attempt("the kernel's ciphers", "socket.socket(socket.AF_ALG, 5); print('WON')"),
    Attempt(
        "sockets by rings",
        "made = libc.syscall(425, 1, ctypes.create_string_buffer(120))\n"
        "print('WON' if made >= 0 or ctypes.get_errno() != 38 else 'none')",
    ),
)
SECRETS = (
    Attempt("its own environment", "print(dict(os.environ))"),
    Attempt("every process's environment", "read(*glob.glob('/proc/[0-9]*/environ'))", True),
    Attempt("the program's memory", "opened('/proc/1/mem', os.O_RDONLY)"),
    Attempt("the program's open files", "print(os.listdir('/proc/1/fd')); print('WON')"),
    Attempt("tracing the program", "zero(libc.ptrace(16, 1, 0, 0))"),
    Attempt(
        "reading the program's memory by a call",
        "one = ctypes.create_string_buffer(32); "
        "print('WON' if libc.process_vm_readv(1, one, 1, one, 1, 0) > 0 else ctypes.get_errno())",
    ),
    Attempt("a secret file of the host", "read('$HOST/secret')", True),
    Attempt("the same by climbing", "read('../' * 20 + '$HOST/secret')", True),
    Attempt("the same by the program's root", "read('/proc/1/root$HOST/secret')"),
    Attempt("another job's workspace", "read('$DATA/jobs/job-9/workspace/secret')", True),
    Attempt("another channel's file", "print(glob.glob('$DATA/channels/**', recursive=True)[:9])"),
    Attempt("the users' passwords", "read('/etc/shadow', '/etc/gshadow')"),
    Attempt("the home folders", "print(glob.glob('/root/*') + glob.glob('/home/*')[:9] and 'WON')"),
    Attempt("the kernel's memory", "opened('/proc/kcore', os.O_RDONLY)"),
    Attempt("the machine's memory", "opened('/dev/mem', os.O_RDONLY)"),
    Attempt("the kernel's log", "opened('/dev/kmsg', os.O_RDONLY)"),
    Attempt(
        "the host's processes",
        "seen = [content(p) for p in glob.glob('/proc/[0-9]*/cmdline')]; "
        "print('WON' if any(b'sle' b'ep\\x00600' in one for one in seen) else len(seen))",
        True,
    ),
    Attempt(
        "the host's keys",
        "print('WON' if libc.syscall(250, 0, -3, 1) >= 0 else ctypes.get_errno())",
    ),
)
RIGHTS = (
    Attempt("becoming root", "os.setuid(0); print('WON')"),
    Attempt("a bit that makes root", "os.chmod('/usr/bin/env', 0o4755); print('WON')"),
    Attempt(
        "su",
        "print(subprocess.run(['su', '-c', 'echo W''ON'], input='', text=True, "
        "capture_output=True).stdout)",
    ),
    Attempt("a user namespace", "zero(libc.unshare(0x10000000))"),
    Attempt("a mount namespace", "zero(libc.unshare(0x00020000))"),
    Attempt("the program's namespace", "zero(libc.setns(os.open('/proc/1/ns/mnt', 0), 0))"),
    Attempt("another root", "os.chroot('/tmp'); print('WON')"),
    Attempt("a mount", "zero(libc.mount(b'x', b'/tmp', b'tmpfs', 0, None))"),
    Attempt("the root made writable", "zero(libc.mount(b'', b'/', b'', 32 | 4096, None))"),
    Attempt(
        "a disk's device",
        "os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(254, 0)); print('WON')",
    ),
    Attempt(
        "a memory's device", "os.mknod('mem', 0o600 | stat.S_IFCHR, os.makedev(1, 1)); print('WON')"
    ),
    Attempt(
        "a program for the kernel", "print('WON' if libc.syscall(321, 0, 0, 0) >= 0 else 'no')"
    ),
    Attempt("a kernel module", "zero(libc.syscall(175, b'', 0, b''))"),
    Attempt("the clock", "time.clock_settime(time.CLOCK_REALTIME, 1); print('WON')"),
    Attempt("the machine's name", "socket.sethostname('mine'); print('WON')"),
    Attempt("going before others", "os.nice(-15); print('WON')"),
    Attempt(
        "higher limits", "resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6)); print('WON')"
    ),
    Attempt(
        "to be spared when memory is short",
        "os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-900'); print('WON')",
    ),
    Attempt("the kernel's settings", "opened('/proc/sys/kernel/core_pattern', os.O_WRONLY)"),
    Attempt("the kernel's magic keys", "opened('/proc/sysrq-trigger', os.O_WRONLY)"),
    Attempt(
        "control groups",
        "print([opened(p, os.O_WRONLY) for p in glob.glob('/sys/fs/cgroup/*/*procs')])",
    ),
)
WRITING = (
    Attempt("a file on the host", "open('$HOST/planted', 'w'); print('WON')", True),
    Attempt("the system", "open('/usr/bin/planted', 'w'); print('WON')"),
    Attempt("its users", "opened('/etc/passwd', os.O_WRONLY)"),
    Attempt(
        "the program that works on jobs",
        "opened(glob.glob('/opt/thaw/runtime/*.pyc')[0], os.O_WRONLY)",
    ),
    Attempt("the interpreter", "opened('/proc/1/exe', os.O_WRONLY)"),
    Attempt("a source", "open('/sources/ci/planted', 'w'); print('WON')"),
    Attempt("a source's file by a link", "os.link('/sources/ci/ci.log', 'mine'); print('WON')"),
    Attempt("a place outside the workspace", "os.mkdir('/planted'); print('WON')"),
)
LIMITS = (
    Attempt("more memory than there is", "one = bytearray(900 << 20); print('WON')"),
    Attempt("more files in /tmp", "open('/tmp/big', 'wb').write(bytes(300 << 20)); print('WON')"),
    Attempt(
        "more shared memory", "open('/dev/shm/big', 'wb').write(bytes(300 << 20)); print('WON')"
    ),
    Attempt(
        "more processes",
        "pids = []\n"
        "try:\n"
        "    for _ in range(300):\n"
        "        pid = os.fork()\n"
        "        if not pid: time.sleep(30); os._exit(0)\n"
        "        pids.append(pid)\n"
        "    print('WON')\n"
        "finally:\n"
        "    for pid in pids: os.kill(pid, 9)",
    ),
    Attempt(
        "a file longer than the disk allows",
        "os.posix_fallocate(os.open('long', os.O_RDWR | os.O_CREAT), 0, 1 << 33); print('WON')",
    ),
)
ARCHIVES = (
    Attempt(
        "an archive that unpacks to more than /tmp holds",
        "import gzip\n"
        "member = gzip.compress(bytes(16 << 20), 1)\n"
        "try:\n"
        "    open('/tmp/bomb.gz', 'wb').write(member * 20)\n"
        "    with gzip.open('/tmp/bomb.gz') as packed, open('/tmp/big', 'wb') as out:\n"
        "        while piece := packed.read(1 << 20): out.write(piece)\n"
        "    print('WON')\n"
        "finally:\n"
        "    for path in glob.glob('/tmp/b*'): os.unlink(path)",
    ),
    Attempt(
        "an archive whose names climb out",
        "import io, zipfile\n"
        "packed = zipfile.ZipFile(io.BytesIO(), 'w')\n"
        "packed.writestr('../' * 20 + '$HOST/climbed', 'x')\n"
        "for name in packed.namelist():\n"
        "    open(name, 'w').write('x'); print('WON')",
        True,
    ),
    Attempt(
        "an archive with a link to the host, and a file behind it",
        "import io, tarfile\n"
        "link = tarfile.TarInfo('way'); link.type = tarfile.SYMTYPE; link.linkname = '$HOST'\n"
        "held = io.BytesIO()\n"
        "with tarfile.open(fileobj=held, mode='w') as packed:\n"
        "    packed.addfile(link); packed.addfile(tarfile.TarInfo('way/followed'))\n"
        "held.seek(0)\n"
        "try:\n"
        "    tarfile.open(fileobj=held).extractall('.')\n"
        "    print('WON' if os.path.exists('$HOST/followed') else 'none')\n"
        "finally:\n"
        "    if os.path.islink('way'): os.unlink('way')",
        True,
    ),
    Attempt(
        "an archive with a device in it",
        "import io, tarfile\n"
        "disk = tarfile.TarInfo('disk'); disk.type = tarfile.BLKTYPE\n"
        "disk.devmajor, disk.devminor = 254, 0\n"
        "held = io.BytesIO()\n"
        "with tarfile.open(fileobj=held, mode='w') as packed: packed.addfile(disk)\n"
        "held.seek(0)\n"
        "tarfile.open(fileobj=held).extractall('.')\n"
        "print('WON' if os.path.exists('disk') else 'none')",
    ),
)
NAMES = (
    Attempt(
        "a file's name that a terminal acts on",
        "open('\\x1b[2J\\x1b]0;mine\\x07.txt', 'w').write('x'); print('written')",
    ),
    Attempt(
        "a file's name that reads backwards",
        "open('\\u202egpj.exe', 'w').write('x'); print('written')",
    ),
    Attempt(
        "a file's name of letters without width",
        "open('report\\u200b.txt', 'w').write('x'); print('written')",
    ),
    Attempt(
        "a file's name that is no text", "open(b'\\xff\\xfe', 'w').write('x'); print('written')"
    ),
)
OTHERS = (
    Attempt("ending a process of the host", "os.kill($PID, 9)"),
    Attempt("stopping the program", "os.kill(1, signal.SIGSTOP); os.kill(1, 9)"),
    Attempt(
        "finishing the job itself, on every descriptor",
        "line = b'{\"kind\":\"finish\",\"id\":99,\"call\":null,\"result\":\"forged\",'\n"
        "line += b'\"files\":[]}\\n'\n"
        "for fd in range(3, 64):\n"
        "    try: os.write(fd, line); print('WON')\n"
        "    except OSError: pass\n"
        "print('none')",
    ),
    Attempt(
        "the program's line to the host",
        "for path in glob.glob('/proc/1/fd/*') + ['/proc/1/fd/%d' % n for n in range(64)]:\n"
        "    try: opened(path)\n"
        "    except OSError: pass\n"
        "print('none')",
    ),
)  # fmt: skip
ATTEMPTS = (*NETWORK, *SECRETS, *RIGHTS, *WRITING, *LIMITS, *ARCHIVES, *NAMES, *OTHERS)

RUNNER = """
import json, os, select, sys, time, traceback
def tried(code):
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        os.dup2(writing, 1), os.dup2(writing, 2), os.close(writing)
        try:
            exec(PRELUDE + code, {"__name__": "attempt"})
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.close(writing)
    said, end = b"", time.monotonic() + 5
    while select.select([reading], [], [], max(0, end - time.monotonic()))[0]:
        piece = os.read(reading, 65536)
        if not piece:
            break
        said += piece
    os.close(reading)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    text = said.decode("utf-8", "replace")
    verdict = ("WON " if "WON" in text else "") + ("CANARY " if CANARY in text else "")
    return verdict + (text[-200:] or "(nothing)")
json.dump([tried(code) for code in json.loads(CODES)], open("seen.json", "w"))
"""
