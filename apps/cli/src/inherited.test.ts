/** Tests which descriptors ipc hands on, and that the command has them. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bench } from './fixtures/ipc.ts'
import { given, type Descriptor } from './inherited.ts'

const NONE = { isOlder: () => false, parentHas: () => false }

function list(links: Readonly<Record<number, string>>): readonly Descriptor[] {
  return Object.entries(links).map(([number, link]) => ({ number: Number(number), link }))
}

/** The descriptors that Node.js 20 opens, from a number on. */
function ofNode(from: number): Readonly<Record<number, string>> {
  return {
    [from]: 'anon_inode:[eventpoll]',
    [from + 1]: 'pipe:[1]',
    [from + 2]: 'pipe:[1]',
    [from + 3]: 'anon_inode:[eventfd]',
    [from + 4]: 'anon_inode:[io_uring]',
  }
}

describe('given', () => {
  test('nothing that Node.js opened itself', () => {
    const all = list({ 0: '/dev/null', 1: 'pipe:[7]', 2: '/dev/pts/1', ...ofNode(3) })
    expect(given(all, NONE)).toEqual([0, 1, 2])
  })

  test("whatever is below Node's first, of any kind", () => {
    const all = list({
      0: '/dev/null',
      3: 'pipe:[7]',
      4: 'pipe:[7]',
      5: 'socket:[8]',
      ...ofNode(6),
    })
    expect(given(all, NONE)).toEqual([0, 3, 4, 5])
  })

  test("above Node's first: other kinds, and pipes of which there is one end", () => {
    const above = {
      9: '/etc/hosts',
      10: 'pipe:[7]',
      11: 'socket:[8]',
      12: '/dev/null',
      13: 'anon_inode:[pidfd]',
      14: '/memfd:x (deleted)',
    }
    expect(given(list({ ...ofNode(3), ...above }), NONE)).toEqual([9, 10, 11, 12, 13, 14])
  })

  test("above Node's first, a pipe with both ends: if it is older than Node.js, or the parent's", () => {
    const all = list({ ...ofNode(3), 9: 'pipe:[7]', 10: 'pipe:[7]' })
    expect(given(all, NONE)).toEqual([])
    expect(given(all, { ...NONE, isOlder: (number) => number > 8 })).toEqual([9, 10])
    expect(given(all, { ...NONE, parentHas: (link) => link === 'pipe:[7]' })).toEqual([9, 10])
  })
})

describe('the command has', () => {
  let bench: Bench

  beforeEach(() => {
    bench = new Bench()
  })

  afterEach(async () => {
    await bench.end()
  })

  const LOOK = 'for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do readlink /proc/self/fd/$n; done'
  const OTHERS = /^(?:anon_inode:.*|pipe:\[\d+\])$/

  test.each(['run a', 'alarm 60'])(
    'the files of `3<file`, `5<file` and `9<file`: ipc %s',
    async (by) => {
      const paths = ['one', 'two', 'three'].map((name) => join(bench.home, name))
      for (const path of paths) writeFileSync(path, '')
      const script = `$IPC ${by} -- sh -c '${LOOK}' 3<${paths[0]} 5<${paths[1]} 9<${paths[2]}`
      const { out } = await bench.program('sh', ['-c', script]).ended
      expect(
        out
          .trim()
          .split('\n')
          .filter((path) => path.startsWith(bench.home)),
      ).toEqual(paths)
      expect(out.split('\n').filter((path) => OTHERS.test(path))).toEqual([])
    },
  )

  test('one end of a pipe among the numbers of Node.js', async () => {
    const script = `{ $IPC run a -- sh -c 'echo through >&8'; } 8>&1 >/dev/null`
    expect((await bench.program('sh', ['-c', script]).ended).out).toBe('through\n')
  })

  test.runIf(spawnSync('make', ['--version']).status === 0)(
    'the jobserver of make: three jobs at once, or the first would wait for ever',
    async () => {
      const outer = 'all:\n\t+@$(IPC) run a -- $(MAKE) -f inner one two three\n'
      const meet =
        '@touch $@; while [ $$(ls one two three 2>/dev/null | wc -l) -lt 3 ]; do sleep 0.02; done'
      writeFileSync(join(bench.home, 'Makefile'), outer)
      writeFileSync(join(bench.home, 'inner'), `one two three:\n\t${meet}\n`)
      const { status, err } = await bench.program('make', ['-C', bench.home, '-j3'], {
        MAKEFLAGS: '',
      }).ended
      expect({ status, err }).toEqual({ status: 0, err: '' })
    },
  )

  test('the socket of socket activation', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const serve = `require('net').createServer((s) => s.end('activated ' + process.env.LISTEN_FDS, () => process.exit())).listen({ fd: 3 })`
    const args = [bench.cli, 'run', 'a', '--', process.execPath, '-e', serve]
    const { fd } = Reflect.get(server, '_handle') as { readonly fd: number }
    const running = bench.program(process.execPath, args, { LISTEN_FDS: '1' }, [fd])
    server.close()
    expect(await text(connect(port, '127.0.0.1'))).toBe('activated 1')
    expect((await running.ended).status).toBe(0)
  })
})
