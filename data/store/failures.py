"""What went wrong with PostgreSQL, in a sentence that says what to do; no password is ever in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import psycopg
from psycopg import errors

from data.store.database import StoreError

# The server's or libpq's words -> what staff are told.
REFUSALS = (
    ("password authentication failed", "用户名或口令不对；请核对地址里的口令、PGPASSFILE 或 PGPASSWORD"),
    ("no password supplied", "没有口令；请写在地址里，或用 PGPASSFILE、PGPASSWORD 给出"),
    ("does not exist", "库或用户不存在；请先用 createdb、createuser 建好"),
    ("no pg_hba.conf entry", "服务器不准从这台机器连接；请在 pg_hba.conf 里放行"),
    ("too many clients", "连接数已满；请调大 max_connections 或少开几个进程"),
    ("connection slots", "连接数已满；请调大 max_connections 或少开几个进程"),
    ("starting up", "服务器正在启动；请稍后再试"),
    ("shutting down", "服务器正在关闭；请稍后再试"),
    ("timeout expired", "服务器没有应答；请检查网络和防火墙"),
    ("could not translate host name", "主机名不认识；请核对地址"),
)
KINDS: tuple[tuple[type[psycopg.Error], str], ...] = (
    (errors.DiskFull, "数据库服务器的磁盘满了；请清理或扩容后再试"),
    (errors.LockNotAvailable, "别的程序占用数据库太久（30 秒）；请看有没有卡住的进程"),
    (errors.ReadOnlySqlTransaction, "数据库是只读的（可能连到了备机）；请改连主机"),
    (errors.InsufficientPrivilege, "数据库用户没有权限；请让它拥有这个库"),
    (errors.AdminShutdown, "数据库服务器正在关闭；起来后会自动重连"),
    (errors.OperationalError, "与数据库服务器的连接断了，或服务器出错；请检查服务是否在运行"),
)


def shown(address: str) -> str:
    """The address without its user and password, for messages."""
    try:
        parts = urlsplit(address)
        place = f"{parts.hostname or '本机'}:{parts.port}" if parts.port else parts.hostname or "本机"
        return f"{place}{parts.path}"
    except ValueError:
        return "（地址写法有误）"


def unreachable(address: str, error: psycopg.Error) -> StoreError:
    """Why no connection came about."""
    if isinstance(error, psycopg.ProgrammingError):  # its words repeat the address
        return StoreError(
            "[city] database 的写法不对；例如 postgresql://用户名@主机:5432/库名，口令里的特殊字符要写成 %XX"
        )
    words = _plain(error)
    mend = next((m for said, m in REFUSALS if said in words), "请检查服务是否启动、地址和端口对不对")
    return StoreError(f"连不上 PostgreSQL {shown(address)}：{mend}（{words}）")


def failure(error: psycopg.Error) -> StoreError:
    """Why a statement failed."""
    mend = next((m for kind, m in KINDS if isinstance(error, kind)), "请检查服务器日志")
    return StoreError(f"数据库出错：{mend}（{_plain(error)}）")


def _plain(error: psycopg.Error) -> str:
    """What was said, without the lines after the first that quote rows."""
    words = error.diag.message_primary or str(error)
    return re.sub(r"\s+", " ", words)[:300]
