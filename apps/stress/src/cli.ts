#!/usr/bin/env node
console.error('usage: stress <command> [options]')
process.exitCode = 2
