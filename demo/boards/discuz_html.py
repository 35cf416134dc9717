"""The markup of Discuz! X3.5, as far as a reader of its pages depends on it."""

from __future__ import annotations

LIST = """<div id="threadlist" class="tl bm bmw"><div class="th"><table><tr><th colspan="2">
<a href="forum.php?mod=forumdisplay&amp;fid={fid}&amp;filter=lastpost&amp;orderby=lastpost" class="xi2">最新</a></th>
<td class="by">作者</td><td class="num">回复/查看</td><td class="by">最后发表</td></tr></table></div>
<div class="bm_c"><table summary="forum_{fid}" id="threadlisttableid">
{rows}</table></div></div>{pg}"""
SEPARATOR = (
    '<tbody id="separatorline"><tr class="ts"><td>&nbsp;</td><th>版块主题</th><td></td><td></td><td></td></tr></tbody>'
)
ROW = """<tbody id="{sort}_{tid}"><tr>
<td class="icn"><a href="forum.php?mod=viewthread&amp;tid={to}&amp;extra=page%3D1" target="_blank"><i class="fico"></i></a></td>
<th class="new">{before}<a href="forum.php?mod=viewthread&amp;tid={to}&amp;extra=page%3D1" onclick="atarget(this)"
 class="s xst">{title}</a></th>
<td class="by"><cite>{author}</cite><em><span>{day}</span></em></td>
<td class="num"><a href="forum.php?mod=viewthread&amp;tid={to}&amp;extra=page%3D1" class="xi2">{replies}</a><em>{views}</em></td>
<td class="by"><cite>{last_author}</cite>
<em><a href="forum.php?mod=redirect&amp;tid={to}&amp;goto=lastpost#lastpost">{last}</a></em></td>
</tr></tbody>
"""
HEAD = """<table><tr><td class="pls ptn pbn"><div class="hm ptn"><span class="xg1">查看:</span> <span class="xi1">{views}</span>
<span class="pipe">|</span><span class="xg1">回复:</span> <span class="xi1">{replies}</span></div></td>
<td class="plc ptm pbn vwthd"><h1 class="ts"><span id="thread_subject">{title}</span></h1>
<span class="xg1"><a href="forum.php?mod=viewthread&amp;tid={tid}">[复制链接]</a></span></td></tr></table>"""
POST = """<div id="post_{pid}"><table id="pid{pid}" class="plhin" summary="pid{pid}"><tr>
<td class="pls" rowspan="2"><div id="favatar{pid}" class="pls cl favatar"><div class="pi">{side}</div></div></td>
<td class="plc"><div class="pi"><strong><a href="forum.php?mod=redirect&amp;goto=findpost&amp;ptid={tid}&amp;pid={pid}"
 id="postnum{pid}">
{floor}</a></strong><div class="pti"><div class="authi"><em id="authorposton{pid}">发表于 {at}</em>
<span class="pipe">|</span></div></div></div>
<div class="pct"><div class="pcb"><div class="t_fsz"><table><tr><td class="t_f" id="postmessage_{pid}">
{script}{body}</td></tr></table></div><div id="comment_{pid}" class="cm"></div></div></div></td></tr></table></div>
"""
