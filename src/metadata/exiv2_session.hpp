// Exiv2's and its XMP toolkit's state, which belongs to the process.
#pragma once

#include <exception>
#include <exiv2/exiv2.hpp>
#include <new>
#include <string>

#include "blip/error.hpp"

namespace blip::metadata {

/// Starts the toolkit, once, and keeps Exiv2 from printing. Then calls `action` while no other
/// thread is in Exiv2: its tables of namespaces belong to the process. What it throws, the
/// toolkit's own exceptions among it, becomes malformed, "WHAT: REASON".
class Exiv2Session {
 public:
  Exiv2Session();
  ~Exiv2Session();
  Exiv2Session(const Exiv2Session&) = delete;
  Exiv2Session& operator=(const Exiv2Session&) = delete;
};

/// `reason` as a part of a message of one line.
std::string exiv2_reason(const std::string& reason);

template <typename Action>
auto with_exiv2(const char* what, const Action& action) {
  const Exiv2Session session;
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::malformed, std::string(what) + ": " + exiv2_reason(error.what()));
  }
}

}  // namespace blip::metadata
