/**
 * Grammar of the query options (OGC 18-088 §9.3.3, after OData 4.01 ABNF), for peggy. Each level of precedence is one
 * rule that reads its left side once, so parsing takes time in proportion to the length. Depth and length are bounded
 * before it runs (`parse.ts`).
 */
export const GRAMMAR = String.raw`
{
  function binary(head, tail) {
    return tail.reduce((left, [op, right, pos]) => ({ type: 'op', op, args: [left, right], pos }), head)
  }
  function nary(op, head, tail) {
    return tail.length === 0 ? head : { type: 'op', op, args: [head, ...tail.map((t) => t[0])], pos: tail[0][1] }
  }
  function pos() { return offset() }
}

Filter = _ e:Or _ { return e }
OrderBy = _ o:OrderItems _ { return o }
Select = _ s:SelectItems _ { return s }
Expand = _ e:ExpandItems _ { return e }
Apply = _ head:ApplyStep tail:(_ "/" _ s:ApplyStep { return s })* _ { return [head, ...tail] }

ApplyStep
  = "filter"i _ "(" _ expr:Or _ ")" { return { kind: 'filter', expr, pos: pos() } }
  / "compute"i _ "(" _ head:ComputeItem tail:(_ "," _ i:ComputeItem { return i })* _ ")" {
      return { kind: 'compute', items: [head, ...tail], pos: pos() }
    }
  / "groupby"i _ "(" _ "(" _ head:GroupPath tail:(_ "," _ p:GroupPath { return p })* _ ")" _ aggregates:("," _ a:Aggregate _ { return a })? ")" {
      return { kind: 'groupby', paths: [head, ...tail], aggregates: aggregates ?? [], pos: pos() }
    }
  / aggregates:Aggregate { return { kind: 'aggregate', aggregates, pos: pos() } }
ComputeItem = expr:Add __ "as"i __ alias:$(Name) { return { expr, alias, pos: pos() } }
GroupPath = head:Segment tail:("/" s:(Segment / NumericSegment) { return s })* { return { segments: [head, ...tail], pos: pos() } }
Aggregate = "aggregate"i _ "(" _ head:AggregateItem tail:(_ "," _ i:AggregateItem { return i })* _ ")" { return [head, ...tail] }
AggregateItem
  = "$count"i __ "as"i __ alias:$(Name) { return { expr: null, method: 'count', alias, pos: pos() } }
  / expr:Add __ "with"i __ method:$(Name) __ "as"i __ alias:$(Name) { return { expr, method: method.toLowerCase(), alias, pos: pos() } }

OrderItems = head:OrderItem tail:(_ "," _ i:OrderItem { return i })* { return [head, ...tail] }
OrderItem = expr:Add dir:(__ d:$("asc"i / "desc"i) !NameChar { return d })? { return { expr, desc: dir !== null && dir.toLowerCase() === 'desc' } }
SelectItems = head:SelectItem tail:(_ "," _ i:SelectItem { return i })* { return [head, ...tail] }
SelectItem
  = "*" { return { path: [{ name: '*', pos: pos() }], pos: pos() } }
  / head:Segment tail:("/" s:(Segment / NumericSegment) { return s })* { return { path: [head, ...tail], pos: pos() } }

ExpandItems = head:ExpandItem tail:(_ "," _ i:ExpandItem { return i })* { return [head, ...tail] }
ExpandItem = head:Segment tail:("/" s:Segment { return s })* ref:("/" p:Pos "$ref" { return p })? options:(_ "(" _ o:Options _ ")" { return o })? {
  return { path: [head, ...tail], ref, options: options ?? [] }
}
Options = head:Option tail:(_ ";" _ o:Option { return o })* (_ ";")? { return [head, ...tail] }
Option
  = "$"? "filter"i _ "=" _ v:WithText_Or { return { name: 'filter', value: v[0], raw: v[1], pos: pos() } }
  / "$"? "orderby"i _ "=" _ v:WithText_OrderItems { return { name: 'orderby', value: v[0], raw: v[1], pos: pos() } }
  / "$"? "select"i _ "=" _ v:WithText_SelectItems { return { name: 'select', value: v[0], raw: v[1], pos: pos() } }
  / "$"? "expand"i _ "=" _ v:WithText_ExpandItems { return { name: 'expand', value: v[0], raw: v[1], pos: pos() } }
  / "$"? name:$("top"i / "skip"i) _ "=" _ v:$("-"? [0-9]+) { return { name: name.toLowerCase(), value: Number(v), raw: v, pos: pos() } }
  / "$"? "count"i _ "=" _ v:$("true"i / "false"i) { return { name: 'count', value: v.toLowerCase() === 'true', raw: v, pos: pos() } }
  / "$"? name:$([A-Za-z]+) _ "=" { error('unknown or malformed option "' + name + '" inside $expand') }
WithText_Or = v:Or { return [v, text()] }
WithText_OrderItems = v:OrderItems { return [v, text()] }
WithText_SelectItems = v:SelectItems { return [v, text()] }
WithText_ExpandItems = v:ExpandItems { return [v, text()] }

Or = head:And tail:(__ p:Pos "or"i !NameChar _ r:And { return [r, p] })* { return nary('or', head, tail) }
And = head:Not tail:(__ p:Pos "and"i !NameChar _ r:Not { return [r, p] })* { return nary('and', head, tail) }
Not = nots:("not"i !NameChar _)* e:Comparison {
  return nots.length % 2 === 1 ? { type: 'op', op: 'not', args: [e], pos: pos() } : e
}
Comparison = left:Add rest:(__ p:Pos c:Compared { return [c, p] })? {
  if (!rest) return left
  const [c, p] = rest
  return c.list ? { type: 'in', value: left, list: c.list, pos: p } : { type: 'op', op: c.op, args: [left, c.right], pos: p }
}
Compared
  = "in"i !NameChar _ "(" _ head:Add tail:(_ "," _ a:Add { return a })* _ ")" { return { list: [head, ...tail] } }
  / op:$("eq"i / "ne"i / "gt"i / "ge"i / "lt"i / "le"i) !NameChar _ right:Add { return { op: op.toLowerCase(), right } }
Add = head:Mul tail:(__ p:Pos op:$("add"i / "sub"i) !NameChar _ r:Mul { return [op.toLowerCase(), r, p] })* { return binary(head, tail) }
Mul = head:Primary tail:(__ p:Pos op:$("mul"i / "div"i / "mod"i) !NameChar _ r:Primary { return [op.toLowerCase(), r, p] })* { return binary(head, tail) }

Primary
  = "(" _ e:Or _ ")" { return e }
  / Literal
  / "-" _ e:Primary { return { type: 'op', op: 'neg', args: [e], pos: pos() } }
  / Call
  / Path

Call = name:$(Name) _ "(" _ args:Arguments? _ ")" { return { type: 'call', name, args: args ?? [], pos: pos() } }
Arguments = head:Or tail:(_ "," _ a:Or { return a })* { return [head, ...tail] }

Path = head:Segment indices:Index* tail:PathTail* {
  const segments = [head, ...indices]
  for (const t of tail) {
    if (t.lambda) return { type: 'lambda', segments, which: t.lambda, variable: t.variable, body: t.body, pos: pos() }
    segments.push(...t.segments)
  }
  return { type: 'path', segments, pos: pos() }
}
PathTail
  = "/" which:$("any"i / "all"i) "(" _ inner:(v:$(Name) _ ":" _ body:Or { return { variable: v, body } })? _ ")" &LambdaEnd {
      return { lambda: which.toLowerCase(), variable: inner ? inner.variable : null, body: inner ? inner.body : null }
    }
  / "/" s:(Segment / NumericSegment) i:Index* { return { segments: [s, ...i] } }
LambdaEnd = !"/"
Segment = name:$(Name) { return { name, pos: pos() } }
NumericSegment = name:$[0-9]+ { return { name, index: true, pos: pos() } }
Index = "[" n:$[0-9]+ "]" { return { name: n, index: true, pos: pos() } }

Literal
  = "null"i !NameChar !(_ "(") { return { type: 'null', pos: pos() } }
  / b:$("true"i / "false"i) !NameChar { return { type: 'boolean', value: b.toLowerCase() === 'true', pos: pos() } }
  / ("geography"i / "geometry"i) "'" v:$(Quoted*) "'" { return { type: 'geometry', value: v.replaceAll("''", "'"), pos: pos() } }
  / "duration"i "'" v:$(Quoted*) "'" { return { type: 'duration', value: v, pos: pos() } }
  / "'" v:$(Quoted*) "'" { return { type: 'string', value: v.replaceAll("''", "'"), pos: pos() } }
  / start:$(DateTime) end:("/" e:TimeEnd { return e })? {
      return { type: 'time', value: start, end: end ? end.value : null, durationAt: end && end.duration ? 'end' : null, pos: pos() }
    }
  / start:$(Duration) "/" end:$(DateTime) {
      return { type: 'time', value: start, end, durationAt: 'start', pos: pos() }
    }
  / v:$(Digit4 "-" Digit2 "-" Digit2) !NameChar { return { type: 'date', value: v, pos: pos() } }
  / v:$(Digit2 ":" Digit2 (":" Digit2 ("." [0-9]+)?)?) { return { type: 'timeOfDay', value: v, pos: pos() } }
  / v:$("-"? [0-9]+ ("." [0-9]+)? ([eE] [+-]? [0-9]+)?) !NameChar { return { type: 'number', value: v, pos: pos() } }
TimeEnd
  = v:$(DateTime) { return { value: v, duration: false } }
  / v:$(Duration) { return { value: v, duration: true } }
Duration = "P" [0-9.YMWDTHS]+
DateTime = Digit4 "-" Digit2 "-" Digit2 [Tt] Digit2 ":" Digit2 (":" Digit2 ([.,] [0-9]+)?)? Zone?
Zone = [Zz] / [+-] Digit2 (":"? Digit2)?
Quoted = "''" / [^']
Digit4 = [0-9] [0-9] [0-9] [0-9]
Digit2 = [0-9] [0-9]

Name "name" = [A-Za-z_@\u0080-\uFFFF] NameChar*
NameChar = [A-Za-z0-9_.@\-\u0080-\uFFFF]
Pos = "" { return offset() }
_ "space" = [ \t\r\n]*
__ "space" = [ \t\r\n]+
`
