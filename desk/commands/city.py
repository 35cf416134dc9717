"""``liandong init``: a new city's folder, or its edited tables taken in again."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from data import reference
from data.city import SETTINGS, City, open_city
from data.records import AuditEntry
from desk.commands.common import HERE, echo_json, fail, json_option, now

TEMPLATE = """\
# 联动：这座城市的设置。改完保存即可，下次运行生效。
[city]
name = "{name}"
zone = "Asia/Shanghai"
database = "liandong.db"

[crawl]
# 请写明可以联系到你们的网址或邮箱，让论坛知道是谁在读。
user_agent = "Liandong/0.1 (public service; reads public threads only)"
days_back = 2           # 第一次往回读几天
delay = 1.0             # 两次请求至少相隔几秒
autothrottle = true

[office]
# 办公系统怎么接：open311（GeoReport v2 接口）、form（网页表单）、drop（投递目录）。详见 docs/connectors.md。
kind = "open311"
# 例如 "https://office.example.gov.cn/open311/v2/"
url = ""
api_key = ""
jurisdiction = ""
format = "json"         # 或 "xml"
sync_minutes = 5        # 隔几分钟问一次签收、退单、办结；0 为不问

[notices]
# 短信网关：以 JSON (to, text, key) POST 到这个地址；别的网关用 sms_template，详见 docs/connectors.md。
sms_url = ""
signature = "【{name}联动】"
# 领导：逾期抄报和日报发给谁（日报里有证据链头，请至少写一个）
leader_phone = ""
leaders = []            # 企业微信、钉钉、飞书、邮件等的 apprise 地址
digest_hour = 8         # 每天几点起发日报；-1 为不发
quiet_from = 22:00:00   # 静默时段：催办、督办、日报等到时段结束再发；交办通知随时发
quiet_to = 07:00:00

[clocks]
reply_hours = 4         # 应答时限；个别单位可在单位表另定
undo_seconds = 10       # 值班员可以反悔的时间
duty_only = false       # true：应答和签收只在工作日 duty_from 到 duty_to 之间计时；个别论坛、单位可在表里另定
duty_from = 08:00:00
duty_to = 18:00:00
accept_hours = 1        # 签收时限；0 为不设
urge_minutes = 60       # 应答时限前多少分钟催办；0 为不催
urge_days = 1           # 办结时限前几个工作日催办；0 为不催
supervise = true        # 到时限未答复或未办结的，发督办
leader = true           # 超过时限一倍的，抄报 [notices] 里的领导
holidays = []           # 国务院尚未公布的年份，可先写单位掌握的放假日，如 ["2027-01-01"]
make_up_days = []       # 和调休上班日

[alarm]
after_minutes = 60      # 这么久没有一轮运行成功，就告警
disk_free_mb = 1024     # 城市目录所在的磁盘剩得比这少，就算快满了
urls = []               # 告警发给谁：apprise 地址
heartbeat = ""          # 每轮成功后访问的地址，供外部监控

[automatic]
mode = "off"            # 自动交办：off 不用；shadow 只记录；on 启用。先读 docs/operations.md
precision = 0.95
per_hour = 20
cancel_minutes = 15

[retention]
# 事情办完、不再有动静之后，存多少天；到期由 run 每天凌晨删除，0 为一直保存。工单、判定和数字不删。详见 docs/operations.md。
contacts_days = 365     # 联系方式（帖子、跟帖里写着的也隐去）
text_days = 1095        # 帖子和跟帖的内容、作者
pages_days = 1095       # 读到的网页快照（校验值留着，哈希链仍可核对）

[desk]
host = "127.0.0.1"
port = 8311
address = ""            # 别的系统从外面怎么找到这里，如 "https://liandong.example"；Open311 用它
session_minutes = 480
trusted_proxy = ""      # 前面有 nginx 提供 HTTPS 时，写它的地址，如 "127.0.0.1"；详见 docs/admin.zh-CN.md
metrics_key = ""        # Prometheus 读 /metrics 要带的钥匙（Bearer）；空着就不开放
"""
SCRAPY_CFG = "[settings]\ndefault = spiders.settings\n"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", default="洛阳", help="城市名")
@click.option("--reload", "again", is_flag=True, help="把 reference/ 里改过的表重新载入已有的城市")
@click.option("--export", "back", is_flag=True, help="把页面上改过的表写回 reference/ 里的文件（--reload 的反面）")
@click.option("--force", is_flag=True, help="和 --reload 一起用：页面上改过而没有导出的，不要了")
@json_option
def init(folder: Path, name: str, again: bool, back: bool, force: bool, as_json: bool) -> None:
    """建一座新城市：设置、参考表、数据库。"""
    from desk import registry

    if again and back:
        raise click.UsageError("--reload 和 --export 方向相反，一次只能写一个")
    if back:
        _export(open_city(folder), as_json)
        return
    if again:
        city = open_city(folder)
        _may_reload(city, force)
    elif (folder / SETTINGS).exists():
        fail(f"{folder} 里已经有一座城市；要重新载入改过的表，请加 --reload")
    else:
        city = create(folder, name)
    tables = reference.load(folder / "reference")
    with city.store.transaction():
        before = city.store.reference.load()
        if before and (lost := registry.missed(city, before, tables)):
            fail("\n".join(lost))
        city.store.reference.save(tables)
        registry.settled(city)
        city.store.people.record(AuditEntry(now(), HERE, "载入参考表"))
    counts = {table: len(getattr(tables, table)) for table in reference.FILES}
    if as_json:
        echo_json({"folder": folder.resolve(), **counts})
        return
    click.echo(f"{'已重新载入' if again else '建好了'} {folder}：" + "，".join(f"{k} {v}" for k, v in counts.items()))
    if not again:
        click.echo(
            f"接着：编辑 {folder / SETTINGS} 和 {folder / 'reference'}，再 liandong --dir {folder} init {folder} --reload"
        )


def _may_reload(city: City, force: bool) -> None:
    from desk import registry

    if (count := registry.unexported(city)) and not force:
        fail(
            f"页面上有 {count} 处改动还没有写回文件，重新载入会丢掉它们；"
            f"请先 liandong init {city.folder} --export，或确定不要时加 --force"
        )


def _export(city: City, as_json: bool) -> None:
    from desk import registry

    written = registry.export_files(city, HERE, now())
    where = city.folder / "reference"
    if as_json:
        echo_json({"folder": where.resolve(), "written": written})
    else:
        said = (
            f"写回 {where}：{'、'.join(written)}（原来的留作 .bak）" if written else f"{where} 与页面上的一致，没有改动"
        )
        click.echo(said)


def create(folder: Path, name: str) -> City:
    """The files of a new city, with the shipped tables to edit."""
    tables = folder / "reference"
    tables.mkdir(parents=True, exist_ok=True)
    for file in reference.FILES.values():
        shutil.copyfile(reference.SHIPPED / file, tables / file)
    (folder / "scrapy.cfg").write_text(SCRAPY_CFG, encoding="utf-8")
    (folder / SETTINGS).write_text(TEMPLATE.format(name=name.replace('"', "")), encoding="utf-8")
    return open_city(folder)
