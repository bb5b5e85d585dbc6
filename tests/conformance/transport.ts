// What every driver of Transport must do, real or fake. Run by transport.test.ts against each of them.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SlurmError, type SlurmErrorCode, type Transport } from '@trotline/slurm'

const fails = (code: SlurmErrorCode) => (error: unknown) => error instanceof SlurmError && error.code === code

/** A command that ends when the test makes the file $0, or after two minutes. */
const UNTIL_GATE = 'for n in $(seq 2400); do [ ! -e "$0" ] || break; sleep 0.05; done'
/** Takes a hundred times as long to read as a small file, on every machine. */
const HUGE_BYTES = 100_000_000

/**
 * `open` gives a transport to this machine's own files and processes. `canKill`: whether the driver can end a command whose time is
 * over; sshd passes signals on only with privilege separation, which root's sessions and an sshd of an ordinary user do not have.
 */
export function transportConformance(
  driver: string,
  open: () => Promise<Transport>,
  { canKill }: { canKill: boolean },
): void {
  describe(`transport: ${driver}`, () => {
    let transport: Transport
    let directory = ''
    const at = (name: string) => join(directory, name)

    before(async () => {
      transport = await open()
      directory = await mkdtemp(join(tmpdir(), 'transport-'))
    })
    after(async () => {
      await transport.close()
      await rm(directory, { recursive: true, force: true })
    })

    describe('exec', () => {
      const words = ['plain', '', ' ', "it's", '"', '\\', '$(id)', '`id`', '$HOME', '*', '~', '#x', 'a\nb', '\n', '\t']
      const more = [
        '-n',
        '--',
        'A=b',
        '!1',
        '{a,b}',
        'ünïcödé 漢字 🦀',
        ';',
        '&',
        '|',
        '>x',
        '%s',
        "''",
        "'\\''",
        '\x01\x7f\x1f',
      ]

      test('every word of argv arrives as it was given', async () => {
        const given = [...words, ...more]
        const { stdout, exitCode } = await transport.exec(['printf', '%s\\0', ...given])
        assert.equal(exitCode, 0)
        assert.deepEqual(stdout.split('\0').slice(0, -1), given)
      })

      test('a command whose own name needs quoting is found', async () => {
        await writeFile(at("odd 'name'=1"), '#!/bin/sh\necho ran\n', { mode: 0o755 })
        assert.equal((await transport.exec([at("odd 'name'=1")])).stdout, 'ran\n')
      })

      test('a word of 100,000 characters arrives whole', async () => {
        const word = randomBytes(50_000).toString('hex')
        assert.equal((await transport.exec(['printf', '%s', word])).stdout, word)
      })

      test('an argument with a NUL and an empty argv are bugs of the caller', async () => {
        assert.throws(() => transport.exec(['echo', 'a\0b']), TypeError)
        assert.throws(() => transport.exec([]), TypeError)
      })

      test('exit codes are answers', async () => {
        for (const code of [0, 1, 3, 126, 255]) {
          const result = await transport.exec(['sh', '-c', `exit ${code}`])
          assert.deepEqual([result.exitCode, result.signal], [code, null])
        }
      })

      test('a command that does not exist answers 127', async () => {
        const { exitCode } = await transport.exec(['no-such-command-at-all', 'x'])
        assert.equal(exitCode, 127)
      })

      test('a command ended by a signal tells which', async () => {
        for (const signal of ['KILL', 'TERM']) {
          const result = await transport.exec(['sh', '-c', `kill -${signal} $$; sleep 5`])
          assert.deepEqual([result.exitCode, result.signal], [null, `SIG${signal}`])
        }
      })

      test('stdout and stderr are kept apart', async () => {
        const { stdout, stderr } = await transport.exec(['sh', '-c', 'echo out; echo err >&2'])
        assert.deepEqual([stdout, stderr], ['out\n', 'err\n'])
      })

      test('stdin arrives byte by byte and ends', async () => {
        const bytes = randomBytes(1_000_000)
        const { stdout } = await transport.exec(['sha256sum'], { stdin: bytes })
        assert.equal(stdout.split(' ')[0], createHash('sha256').update(bytes).digest('hex'))
      })

      test('without stdin a command reads an end of file', async () => {
        assert.equal((await transport.exec(['cat'], { timeLimitMs: 60_000 })).stdout, '')
      })

      test('a command that does not read its stdin is no error', async () => {
        const { exitCode } = await transport.exec(['true'], { stdin: randomBytes(2_000_000) })
        assert.equal(exitCode, 0)
      })

      test('characters are not broken where chunks meet', async () => {
        const { stdout } = await transport.exec(['sh', '-c', "printf '\\360\\237'; sleep 0.2; printf '\\246\\200'"])
        assert.equal(stdout, '🦀')
      })

      test('lines are told as they come, whole, and the end without a line end is in the result alone', async () => {
        const told: string[] = []
        // It goes on once it is known that its first line was told: a line that comes with the result would come never.
        const rest = "printf 'o \\360\\237'; sleep 0.1; printf '\\246\\200\\n\\nrest'"
        const script = `printf 'one\\ntw'; ${UNTIL_GATE}; ${rest}`
        const { stdout } = await transport.exec(['sh', '-c', script, at('first-told')], {
          onLine: line => {
            told.push(line)
            writeFileSync(at('first-told'), '')
          },
        })
        assert.deepEqual(told, ['one', 'two 🦀', ''])
        assert.equal(stdout, 'one\ntwo 🦀\n\nrest')
      })

      test('output up to the cap arrives whole, one byte more is an error', async () => {
        const print = ['sh', '-c', 'head -c 99000 /dev/zero | tr "\\0" x; head -c 1000 /dev/zero | tr "\\0" y >&2']
        const { stdout, stderr } = await transport.exec(print, { maxOutputBytes: 100_000 })
        assert.deepEqual([stdout.length, stderr.length], [99_000, 1000])
        await assert.rejects(transport.exec(print, { maxOutputBytes: 99_999 }), fails('SSH_OUTPUT_LIMIT'))
      })

      test('endless output ends at the cap', async () => {
        await assert.rejects(transport.exec(['yes'], { maxOutputBytes: 1_000_000 }), fails('SSH_OUTPUT_LIMIT'))
        await eventuallyGone(transport, '^yes$')
      })

      test('a time limit ends the waiting, and the command where that can be done', async t => {
        // Where it is not ended, it may even begin after its time: the gate ends it then too.
        const gate = at(`late-${randomBytes(6).toString('hex')}`)
        const late = transport.exec(['sh', '-c', UNTIL_GATE, gate], { timeLimitMs: 300 })
        await assert.rejects(late, fails('SSH_TIMEOUT'))
        if (canKill) await eventuallyGone(transport, `^sh -c .*${gate}$`)
        else t.diagnostic('this driver cannot end commands here')
        await writeFile(gate, '')
      })

      test('50 commands at once all get their own answer', async () => {
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            transport.exec(['sh', '-c', `sleep 0.01; echo ${n}; exit ${n}`], {
              lane: n % 5 === 0 ? 'query' : 'submit',
            }),
          ),
        )
        assert.deepEqual(
          results.map(({ stdout, exitCode }) => [stdout, exitCode]),
          results.map((_, n) => [`${n}\n`, n]),
        )
      })

      test('a question does not wait behind a long command', async () => {
        let longEnded = false
        const long = transport.exec(['sh', '-c', UNTIL_GATE, at('answered')]).then(() => {
          longEnded = true
        })
        await transport.exec(['true'], { lane: 'query' })
        assert.equal(longEnded, false)
        await writeFile(at('answered'), '')
        await long
      })
    })

    describe('put', () => {
      test('the mode is exact, whatever the umask', async () => {
        for (const mode of [0o600, 0o644, 0o777, 0o400]) {
          await transport.put(at('mode'), 'x', { mode })
          assert.equal((await stat(at('mode'))).mode & 0o777, mode)
        }
      })

      test('text is written as UTF-8, bytes as they are, a file whole', async () => {
        const bytes = randomBytes(3_000_000)
        await transport.put(at('text'), 'ünïcödé\n', { mode: 0o600 })
        await transport.put(at('bytes'), bytes, { mode: 0o600 })
        await transport.put(at('file'), { file: at('bytes') }, { mode: 0o600 })
        await transport.put(at('empty'), '', { mode: 0o600 })
        assert.equal(await readFile(at('text'), 'utf8'), 'ünïcödé\n')
        assert.ok(bytes.equals(await readFile(at('bytes'))))
        assert.ok(bytes.equals(await readFile(at('file'))))
        assert.equal((await stat(at('empty'))).size, 0)
      })

      test('a reader sees the old content or the new, never a part', async () => {
        const contents = ['a', 'b', 'c', 'd'].map(letter => letter.repeat(400_000))
        await transport.put(at('whole'), contents[0] ?? '', { mode: 0o600 })
        let writing = true
        const reader = (async () => {
          const seen = new Set<string>()
          while (writing) seen.add(await readFile(at('whole'), 'utf8'))
          return seen
        })()
        for (const content of contents) await transport.put(at('whole'), content, { mode: 0o600 })
        writing = false
        for (const content of await reader) assert.ok(contents.includes(content), `${content.length} characters`)
      })

      test('a directory that is missing is an error, and nothing is left behind', async () => {
        await assert.rejects(transport.put(at('no/such/file'), 'x', { mode: 0o600 }), fails('FILE_FAILED'))
        await assert.rejects(transport.put(directory, 'x', { mode: 0o600 }), fails('FILE_FAILED'))
        assert.deepEqual(
          (await readdir(directory)).filter(name => name.includes('.part-')),
          [],
        )
        assert.deepEqual(
          (await readdir(tmpdir())).filter(name => name.startsWith(`${directory.split('/').at(-1)}.part-`)),
          [],
        )
      })

      // sysfs refuses new files to root too.
      const skip = existsSync('/sys/kernel') ? false : 'sysfs is not mounted here, and root may write everywhere else'
      test('a place where nobody may write is denied', { skip }, async () => {
        await assert.rejects(transport.put('/sys/not-here', 'x', { mode: 0o600 }), fails('FILE_DENIED'))
      })

      test('20 files at once all arrive', async () => {
        const names = Array.from({ length: 20 }, (_, n) => `many-${n}`)
        await Promise.all(names.map(name => transport.put(at(name), name, { mode: 0o600 })))
        assert.deepEqual(await Promise.all(names.map(name => readFile(at(name), 'utf8'))), names)
      })
    })

    describe('readAt', () => {
      const read = async (name: string, offset: number, length: number) => {
        const slice = await transport.readAt(at(name), offset, length)
        return slice && [Buffer.from(slice.bytes).toString(), slice.sizeBytes]
      }

      test('gives the bytes asked for, fewer at the end, none past it, and the size', async () => {
        await writeFile(at('ten'), '0123456789')
        assert.deepEqual(await read('ten', 0, 10), ['0123456789', 10])
        assert.deepEqual(await read('ten', 2, 3), ['234', 10])
        assert.deepEqual(await read('ten', 8, 100), ['89', 10])
        assert.deepEqual(await read('ten', 10, 5), ['', 10])
        assert.deepEqual(await read('ten', 5000, 5), ['', 10])
        assert.deepEqual(await read('ten', 3, 0), ['', 10])
      })

      test('large ranges arrive whole and in order', async () => {
        const bytes = randomBytes(5_000_003)
        await writeFile(at('large'), bytes)
        const slice = await transport.readAt(at('large'), 1, 5_000_000)
        assert.ok(bytes.subarray(1, 5_000_001).equals(slice?.bytes ?? new Uint8Array()))
      })

      test('null is the answer where there is no such file, or no such directory', async () => {
        assert.equal(await transport.readAt(at('missing'), 0, 10), null)
        assert.equal(await transport.readAt(at('no/such/directory'), 0, 10), null)
        assert.equal(await transport.readAt(at('ten/below-a-file'), 0, 10), null)
      })

      test('a file that may not be read is denied, which is not the same as missing', async () => {
        // A sysctl that is only for writing: closed to root too.
        await assert.rejects(transport.readAt('/proc/sys/vm/compact_memory', 0, 10), fails('FILE_DENIED'))
      })

      test('a directory is an error', async () => {
        await assert.rejects(transport.readAt(directory, 0, 10), fails('FILE_FAILED'))
      })

      test('a file that grows and one that was cut are seen as they are', async () => {
        await writeFile(at('grows'), 'one\n')
        assert.deepEqual(await read('grows', 0, 100), ['one\n', 4])
        await appendFile(at('grows'), 'two\n')
        assert.deepEqual(await read('grows', 4, 100), ['two\n', 8])
        await truncate(at('grows'), 2)
        assert.deepEqual(await read('grows', 4, 100), ['', 2])
      })

      test('a small file is read while a large one is under way', async () => {
        await writeFile(at('small'), 'small')
        await writeFile(at('huge'), '')
        await truncate(at('huge'), HUGE_BYTES)
        let hugeRead = false
        const huge = transport.readAt(at('huge'), 0, HUGE_BYTES).then(() => {
          hugeRead = true
        })
        await transport.readAt(at('small'), 0, 10)
        assert.equal(hugeRead, false)
        await huge
      })

      test('200 reads at once all get their own answer', async () => {
        const slices = await Promise.all(
          Array.from({ length: 200 }, (_, n) => transport.readAt(at('large'), n * 1000, 7)),
        )
        const bytes = await readFile(at('large'))
        for (const [n, slice] of slices.entries())
          assert.ok(bytes.subarray(n * 1000, n * 1000 + 7).equals(slice?.bytes ?? new Uint8Array()))
      })
    })

    describe('close', () => {
      test('fails what is in flight, and later use, with a code', async () => {
        const closing = await open()
        const inFlight = assert.rejects(closing.exec(['sh', '-c', UNTIL_GATE, at('closed-by-now')]), fails('SSH_LOST'))
        await closing.exec(['true'], { lane: 'query' })
        await closing.close()
        await inFlight
        await writeFile(at('closed-by-now'), '')
        await assert.rejects(async () => closing.exec(['true']), fails('SSH_CLOSED'))
        await assert.rejects(async () => closing.readAt('/etc/hosts', 0, 1), fails('SSH_CLOSED'))
        await assert.rejects(async () => closing.put(at('closed'), 'x', { mode: 0o600 }), fails('SSH_CLOSED'))
        assert.equal(closing.health.state, 'closed')
        await closing.close()
      })
    })
  })
}

async function eventuallyGone(transport: Transport, commandLine: string): Promise<void> {
  for (const giveUpAt = Date.now() + 60_000; ; ) {
    const { exitCode } = await transport.exec(['pgrep', '-f', '-x', commandLine])
    if (exitCode === 1) return
    assert.ok(Date.now() < giveUpAt, `still there: ${commandLine}`)
  }
}
