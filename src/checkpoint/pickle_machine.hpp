// The pickle machine: runs a pickle, executes nothing.
//
// A pickle is a program for a stack machine, and Python's own lets it call any function there is.
// This one builds plain data (numbers, text, tuples, lists, dicts) and hands the instructions
// that reach outside to its caller, who answers for the few names of a state dict and refuses all
// others. Protocols 0 to 5, every instruction that Python's pickler writes for plain data.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "checkpoint/byte_reader.hpp"
#include "checkpoint/pickle_value.hpp"

namespace blip {

/// What a pickle may reach outside itself; each throws blip::Error for what it does not know.
struct PickleHooks {
  /// The thing called `module`.`name`.
  std::function<PickleValue(std::string_view module, std::string_view name)> global;
  /// What calling `callable` with `arguments` gives. Nothing is called: the owner knows the answer.
  std::function<PickleValue(PickleValue callable, PickleTuple arguments)> call;
  /// The thing that the writer kept outside the pickle under `id`.
  std::function<PickleValue(PickleValue id)> persistent;
  /// An object of the class `callable`, whose constructor is not run. Empty: no classes are known,
  /// and a pickle that asks for one is refused.
  std::function<PickleValue(PickleValue callable)> make = {};
  /// Gives an object that `make` made its state.
  std::function<void(PickleObject object, PickleValue state)> build = {};
};

/// Limits, far above any BLIP: its training checkpoints have 300 kB of pickle and 30,000 values.
/// Together they keep a hostile pickle below 400 MB of memory.
inline constexpr std::size_t kMaxPickleBytes = 16'000'000;
inline constexpr std::size_t kMaxPickleValues = 2'000'000;  // ever put on the stack
inline constexpr std::size_t kMaxPickleMemo = 1'000'000;
/// Python's pickler itself stops at a recursion of 1,000.
inline constexpr std::size_t kMaxPickleDepth = 1'000;

/// Runs one pickle to its end and returns what it built; `reader` then stands behind it. Throws
/// malformed, unsupported (an instruction or a protocol without use here) or limit_exceeded.
PickleValue run_pickle(ByteReader& reader, PickleHeap& heap, const PickleHooks& hooks);

}  // namespace blip
