// A Comparison as a person or a program reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/compare/comparison.hpp"

namespace blip::app {

/// Two tables for a terminal: what was found, and what it cost.
std::string comparison_as_text(const Comparison& comparison);

/// One object:
///   {"path", "models": [{"system", "model", "error" or "architecture", "parameters",
///    "load_seconds", "run_seconds", "memory_bytes", "tasks": [{"task", "asked", "results":
///    [{"text", …scores}]}]}]}
std::string comparison_as_json(const Comparison& comparison);

/// One page of HTML with the pictures in it, which loads nothing.
std::string comparison_as_page(const Comparison& comparison);

/// "224.0 M", as people write numbers of parameters.
std::string short_count(std::int64_t count);

/// "0.9 GB", "12 MB", of 1000s; "-" where it is not known.
std::string short_size(std::optional<std::uint64_t> bytes);

/// "itm 0.98, itc 0.41"; empty without scores.
std::string scores_as_text(const ScoredText& result);

}  // namespace blip::app
