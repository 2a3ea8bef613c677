#include "cli/input/line_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "cli/options/command_line.hpp"
#include "core/text_encoding.hpp"

namespace blip::cli {
namespace {

// No system has longer paths; a longer line means that the list is something else.
constexpr std::size_t kMaxLine = 65'536;
// How soon a reader that waits for a slow pipe notices that it should stop.
constexpr int kPollMilliseconds = 50;

[[noreturn]] void fail(const std::string& name, const std::string& cause) {
  throw UsageError((name == "-" ? "standard input" : name) + ": " + cause);
}

}  // namespace

LineReader::LineReader(const std::string& name, char separator)
    : name_(name), separator_(separator), at_start_(separator == '\n') {
  descriptor_ = name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ == -1) fail(name_, std::generic_category().message(errno));
}

LineReader::LineReader(LineReader&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      separator_(other.separator_),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      scanned_(other.scanned_),
      at_start_(other.at_start_),
      at_end_(other.at_end_) {}

LineReader& LineReader::operator=(LineReader&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(separator_, other.separator_);
  std::swap(buffer_, other.buffer_);
  std::swap(begin_, other.begin_);
  std::swap(scanned_, other.scanned_);
  std::swap(at_start_, other.at_start_);
  std::swap(at_end_, other.at_end_);
  return *this;
}

LineReader::~LineReader() {
  if (descriptor_ != -1 && descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

bool LineReader::is_regular_file() const {
  struct stat status = {};
  return ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
}

std::optional<std::string> LineReader::next(const std::stop_token& stop) {
  while (true) {
    while (auto line = at_start_ ? std::nullopt : take_line()) {
      if (!line->empty()) return line;
    }
    if (at_end_ || !read_more(stop)) return std::nullopt;
  }
}

std::optional<std::string> LineReader::take_line() {
  std::size_t end = buffer_.find(separator_, scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    if (scanned_ - begin_ > kMaxLine) {
      fail(name_, "a line of more than 65,536 bytes; is it NUL-separated (--null) or no list?");
    }
    if (!at_end_ || begin_ == buffer_.size()) return std::nullopt;
    end = buffer_.size();
  }
  std::string line = buffer_.substr(begin_, end - begin_);
  begin_ = scanned_ = std::min(end + 1, buffer_.size());
  if (separator_ == '\n' && line.ends_with('\r')) line.pop_back();
  // A NUL cannot be part of a path; the system would silently cut the name there.
  if (line.find('\0') != std::string::npos) {
    fail(name_, "holds NUL bytes; is it NUL-separated (--null) or no list?");
  }
  return line;
}

// A pipe may bring a part of a mark first.
void LineReader::drop_mark() {
  if (!at_end_ && may_become_mark(buffer_)) return;
  at_start_ = false;
  try {
    drop_byte_order_mark(buffer_, name_ == "-" ? "standard input" : name_);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

bool LineReader::read_more(const std::stop_token& stop) {
  pollfd ready = {descriptor_, POLLIN, 0};
  while (::poll(&ready, 1, kPollMilliseconds) == 0) {
    if (stop.stop_requested()) return false;
  }
  if (stop.stop_requested()) return false;
  std::array<char, 65'536> chunk;
  const ssize_t length = ::read(descriptor_, chunk.data(), chunk.size());
  if (length < 0 && errno != EINTR && errno != EAGAIN) {
    fail(name_, std::generic_category().message(errno));
  }
  if (length == 0) at_end_ = true;
  if (length > 0) {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    buffer_.append(chunk.data(), static_cast<std::size_t>(length));
  }
  if (at_start_) drop_mark();
  return true;
}

}  // namespace blip::cli
