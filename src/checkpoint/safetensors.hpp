// The safetensors format: which tensors a file holds, and where.
//
// u64 little-endian header length, a JSON header, then the tensors' bytes. The rules are those of
// the `safetensors` crate (0.4 to 0.8), checked against it by tools/reference/parity_checkpoint.py.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace blip {

/// The largest header accepted, in bytes: the crate's own limit.
inline constexpr std::size_t kMaxSafetensorsHeader = 100'000'000;

/// The tensors of a file's bytes, in the order of their data; their `bytes` point into `file`.
/// `name` stands for the file in error messages. Throws malformed, unsupported (an element type
/// this library has no use for) or limit_exceeded.
std::vector<CheckpointTensor> parse_safetensors(std::span<const std::byte> file,
                                                const std::string& name);

}  // namespace blip
