#include "app/sidecars/sidecar_writer.hpp"

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <vector>

#include "app/records/output_file.hpp"
#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "core/replacement_file.hpp"
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
    replace_file(sidecar, text + "\n");
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
