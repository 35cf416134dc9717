"""What SQLite could not do, as a sentence staff can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

BUSY = "另一个程序正占着数据库，一直没有让开；请稍后再试，还不行就看看有没有卡住的进程"
BROKEN = "数据库文件坏了；请停下 run 和 serve，把这个文件另存一份，再从最近的备份恢复（liandong restore）"
CLOSED = "数据库文件打不开或不许写；请检查路径和权限，目录要归运行联动的用户"
SENTENCES: Mapping[int, str] = {
    sqlite3.SQLITE_FULL: "磁盘满了，刚才的没有写进去，原来的都在；请腾出空间再试",
    sqlite3.SQLITE_IOERR: "读写磁盘出错；请检查磁盘是否满了或坏了",
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CORRUPT: BROKEN,
    sqlite3.SQLITE_NOTADB: BROKEN,
    sqlite3.SQLITE_READONLY: CLOSED,
    sqlite3.SQLITE_PERM: CLOSED,
    sqlite3.SQLITE_CANTOPEN: CLOSED,
}


def sentence(error: sqlite3.Error) -> str:
    """Says what is wrong and what to do; SQLite's own words stand at the end."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of the number says more than staff can use
    return f"{SENTENCES.get(code, '数据库出错；请检查磁盘空间和权限')}（{error}）"
