import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type XmlLimits, xmlRecords } from './xml.ts'

async function read(xml: string | Buffer, limits: Partial<XmlLimits> = {}, piece = 7) {
  const bytes = Buffer.from(xml as string)
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
  }
  const records = []
  for await (const record of xmlRecords(pieces(), new Set(['r']), limits)) records.push(record)
  return records
}

describe('reading XML', () => {
  it('hands on each record with its children, whatever the prefixes', async () => {
    const records = await read(
      '<a:doc xmlns:a="urn:a" xmlns:xsi="urn:i"><a:r id="1" xsi:type="a:T"><a:v> ä &amp; b </a:v></a:r><r><![CDATA[<x>]]></r></a:doc>',
    )
    assert.deepEqual(records, [
      {
        name: 'r',
        attributes: { id: '1', type: 'a:T' },
        text: '',
        children: [{ name: 'v', attributes: {}, text: 'ä & b', children: [] }],
      },
      { name: 'r', attributes: {}, text: '<x>', children: [] },
    ])
  })

  it('reads the encoding it declares', async () => {
    const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><d><r>Straße</r></d>', 'latin1')
    assert.equal((await read(latin, {}, 4096))[0]!.text, 'Straße')
    await assert.rejects(read('<?xml version="1.0" encoding="utf-7"?><d/>', {}, 4096), /written in utf-7/)
  })

  it('refuses document types, so neither entities nor other files come in', async () => {
    const bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><d><r>&b;</r></d>'
    await assert.rejects(read(bomb), /document type definition/)
    const file = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d><r>&x;</r></d>'
    await assert.rejects(read(file), /document type definition/)
    await assert.rejects(read('<d><r>&x;</r></d>'), /not well-formed/)
  })

  it('bounds depth, elements and characters of a record', async () => {
    const deep = (depth: number) => '<e>'.repeat(depth) + '</e>'.repeat(depth)
    await assert.rejects(read(`<d>${deep(100_000)}</d>`, {}, 65_536), /more than 64 elements inside one another/)
    await assert.rejects(read(`<d><r>${'<v/>'.repeat(101)}</r></d>`, { elements: 100 }), /more than 100 others/)
    await assert.rejects(read(`<d><r a="${'x'.repeat(99)}">yy</r></d>`, { characters: 100 }), /longer than 100/)
    assert.equal(
      (await read(`<d>${'<r>xx</r>'.repeat(1000)}</d>`, { elements: 10, characters: 10 }, 4096)).length,
      1000,
    )
  })

  it('says where it is not well-formed or was cut off', async () => {
    await assert.rejects(read('<d>\n<r></x></d>'), /not well-formed XML: .*line 2/)
    await assert.rejects(read('<d><r>1</r>'), /cut off|not well-formed/)
    await assert.rejects(read(''), /empty/)
  })
})
