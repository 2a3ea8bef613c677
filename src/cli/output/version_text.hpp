// What `blip --version --verbose` tells: everything a report of a fault should have.
#pragma once

#include <string>

namespace blip::cli {

/// "blip 0.1.0" and, in lines of a name and a value, what it is built of, which instruction sets it
/// uses on this machine, how many cores it may use, and which models are here.
std::string version_details();

}  // namespace blip::cli
