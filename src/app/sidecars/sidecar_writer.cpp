#include "app/sidecars/sidecar_writer.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <vector>

#include "app/records/output_file.hpp"
#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "core/durable_file.hpp"
#include "core/open_file.hpp"
#include "core/trimmed.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

// A caption has hundreds of bytes, long lists of tags have thousands.
constexpr std::size_t kMaxExisting = std::size_t{1} << 20;

std::string text_of(std::span<const std::string> captions) {
  std::string text;
  for (const std::string& caption : captions) {
    if (!text.empty()) text += '\n';
    text += printable(to_utf8(caption));
  }
  return text;
}

bool ends_every_write(int error) {
  return error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO;
}

// Short, because the name of an image may be as long as names can be. A process writes one at a
// time.
fs::path partial_beside(const fs::path& target) {
  return target.parent_path() / (".blip-sidecar-" + std::to_string(::getpid()));
}

// A link stays a link: what it leads to is replaced.
fs::path without_link(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  fs::path target = fs::canonical(path, error);
  return error ? path : target;
}

}  // namespace

bool SidecarWriter::is_done(const fs::path& sidecar) const {
  return options_.existing == ExistingSidecar::skip && file_exists(sidecar);
}

void SidecarWriter::write(const fs::path& sidecar, std::span<const std::string> captions) const {
  if (is_done(sidecar)) return;
  std::string text = text_of(captions);
  const bool keeps =
      options_.existing == ExistingSidecar::append || options_.existing == ExistingSidecar::prepend;
  if (keeps && file_exists(sidecar)) {
    const std::string existing(trimmed(read_text_file(sidecar, kMaxExisting)));
    const bool first = options_.existing == ExistingSidecar::append;
    if (!existing.empty()) {
      text = first ? existing + options_.separator + text : text + options_.separator + existing;
    }
  }
  try {
    if (sidecar.has_parent_path()) fs::create_directories(sidecar.parent_path());
    const fs::path target = without_link(sidecar);
    ReplacementFile file(target, partial_beside(target));
    file.file().write(text + "\n");
    file.put_in_place();
  } catch (const WriteError& error) {
    if (ends_every_write(error.error_number())) {
      throw OutputError(sidecar.string(), error.error_number());
    }
    // The name of the file that is asked for, not of the one that is written first.
    throw WriteError(sidecar, error.error_number());
  } catch (const fs::filesystem_error& error) {
    throw WriteError(sidecar, error.code().value());
  }
}

}  // namespace blip::app
