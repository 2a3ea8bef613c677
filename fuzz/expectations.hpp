// What every target holds the code to.
#pragma once

#include <cstdlib>
#include <string_view>
#include <utility>

#include "blip/error.hpp"

namespace blip::fuzz {

/// Ends the program, which is a finding, unless it holds.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Calls `read`, which may refuse what it is given: with blip::Error, in one line.
template <typename Read>
void try_to(Read&& read) {
  try {
    std::forward<Read>(read)();
  } catch (const blip::Error& error) {
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
}

}  // namespace blip::fuzz
