"""The markup of phpwind 8.7, as far as a reader of its pages depends on it."""

from __future__ import annotations

LIST = """<div class="pages_wrap"><span class="pages"><a class="w pages_pre" href="#tabA">返回列表</a></span></div>
<table width="100%"><tbody id="threadlist">
{rows}</tbody></table>{pages}"""
SEPARATOR = '<tr class="tr4"><td width="30"></td><td>普通主题</td><td></td><td></td><td></td></tr>\n'
STICKY = '<img src="images/wind/file/headtopic_1.gif" align="absmiddle" alt="置顶帖" title="置顶帖" />'
OPEN = '<img src="images/wind/thread/topicnew.gif" align="absmiddle" />'
ROW = """<tr class="tr3"><td class="icon tar" width="30"><a title="开放主题" href="read-htm-tid-{tid}.htm">{icon}</a></td>
<td class="subject" id="td_{tid}">
<a href="read-htm-tid-{tid}.htm" name="readlink" id="a_ajax_{tid}" class="subject_t f14">{title}</a> <span class="s2 w"></span></td>
<td class="author">{author}<p>{day}</p></td>
<td class="num" width="60"><em>{replies}</em>/{views}</td>
<td class="author">{last_author}<p><a href="read-htm-tid-{tid}-page-e.htm#a" title="{last}">{words}</a></p></td></tr>
"""
HEAD = """<div id="breadCrumb"><h1 id="subject_tpc" class="read_h1">{title}&nbsp;<a href="javascript:;"
 title="read.php?fid={section}&amp;tid={tid}" onclick="copyUrl('');" class="gray w">[复制链接]</a></h1></div>"""
POST = """<div class="read_t" id="readfloor_{pid}"><table width="100%" class="floot"><tr>
<td rowspan="2" class="floot_left"><div class="readName b"><span class="women_unol mr5" title="离线">离线</span>{author}</div></td>
<td class="floot_right" id="td_{pid}"><a name="post_{pid}"></a><div class="tipTop s6"><span class="fr"></span>
<a class="s2 b cp" onclick="copyFloorUrl('{pid}')" title="复制此楼地址">{floor}</a>&nbsp;
<span title="{at}">发表于: {day}</span></div>
<div class="tpc_content"><div class="f14 mb10" id="read_{pid}">
{script}{body}
</div></div></td></tr></table></div>
"""
