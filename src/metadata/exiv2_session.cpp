#include "metadata/exiv2_session.hpp"

#include <mutex>

namespace blip::metadata {
namespace {

std::mutex& exiv2_mutex() {
  static std::mutex mutex;
  return mutex;
}

bool start_exiv2() {
  Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
  return Exiv2::XmpParser::initialize();
}

}  // namespace

Exiv2Session::Exiv2Session() {
  exiv2_mutex().lock();
  static const bool kStarted = start_exiv2();
  if (!kStarted) {
    exiv2_mutex().unlock();
    throw Error(ErrorCode::unsupported, "Exiv2's XMP toolkit does not start");
  }
}

Exiv2Session::~Exiv2Session() {
  exiv2_mutex().unlock();
}

std::string exiv2_reason(const std::string& reason) {
  constexpr std::size_t kMaxReason = 200;
  std::string line;
  for (const char c : reason.substr(0, kMaxReason)) {
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return line;
}

}  // namespace blip::metadata
