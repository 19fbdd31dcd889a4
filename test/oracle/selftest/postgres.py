"""A Postgres of its own, on loopback, in a temporary folder."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any


class Postgres:
    """`binaries` is a folder with initdb, pg_ctl and postgres. Postgres refuses root: then it runs as nobody."""

    def __init__(self, binaries: str) -> None:
        self._binaries = binaries
        self._folder = tempfile.mkdtemp(prefix="oracle-postgres-")
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            nobody = 65534
            os.chown(self._folder, nobody, nobody)
            self._as = {"user": nobody, "group": nobody, "extra_groups": []}
        self._data = str(Path(self._folder, "data"))
        self.port = _free_port()
        self._run("initdb", "-D", self._data, "-U", "hq", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -c unix_socket_directories= -c shared_buffers=16MB"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(Path(self._folder, "log")), "-o", options, "start")

    def url(self, database: str) -> str:
        return f"postgresql://hq@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(Path(self._binaries, program)), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
            env={**os.environ, "HOME": self._folder},
            **self._as,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
