// Writes native/codec/grpc/proto/descriptors.h from the .proto files beside it, for server reflection. Needs protoc (Debian's
// protobuf-compiler); the result is checked in, so that nobody who builds the broker needs it.
//   node native/tools/proto-descriptors.mjs           writes the file
//   node native/tools/proto-descriptors.mjs --check   only says whether it is up to date
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../codec/grpc/proto/', import.meta.url));
const target = join(folder, 'descriptors.h');
const files = [
  'message_service.proto',
  'broker/v1/message_service.proto',
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
];

/** The FileDescriptorProto of one file; protoc wraps it in a FileDescriptorSet of one field: a tag, a length, the bytes. */
function descriptorOf(file, work) {
  const out = join(work, 'set');
  execFileSync('protoc', [`--proto_path=${folder}`, `--descriptor_set_out=${out}`, file]);
  const set = readFileSync(out);
  let at = 1;
  while (set[at] >= 0x80) at += 1;
  return set.subarray(at + 1);
}

function arrayOf(name, bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 24) lines.push('    ' + [...bytes.subarray(at, at + 24)].map((byte) => `${byte},`).join(' '));
  return `inline constexpr std::uint8_t ${name}[] = {\n${lines.join('\n')}\n};\n`;
}

function header(work) {
  const names = files.map((file) => file.replace(/\.proto$/, '').replaceAll('/', '_') + '_descriptor');
  const arrays = files.map((file, i) => arrayOf(names[i], descriptorOf(file, work)));
  const rows = files.map((file, i) => `    DescriptorFile{"${file}", ${names[i]}},`);
  return `// The FileDescriptorProto of every .proto file here. Written by native/tools/proto-descriptors.mjs; not to be edited.
// Owner: static table. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "native/base/bytes.h"

namespace codec {

struct DescriptorFile {
  std::string_view name;
  base::Bytes descriptor;
};

${arrays.join('\n')}
inline constexpr std::array descriptor_files{
${rows.join('\n')}
};

}  // namespace codec
`;
}

const work = mkdtempSync(join(tmpdir(), 'descriptors-'));
try {
  const wanted = header(work);
  if (!process.argv.includes('--check')) {
    writeFileSync(target, wanted);
  } else if (readFileSync(target, 'utf8') !== wanted) {
    console.error('native/codec/grpc/proto/descriptors.h is not what the .proto files say: run node native/tools/proto-descriptors.mjs');
    process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true });
}
