#include "app/records/partial_file.hpp"

#include "app/records/output_file.hpp"

namespace blip::app {
namespace {

template <typename Action>
auto as_output_error(const Action& action) {
  try {
    return action();
  } catch (const WriteError& error) {
    throw OutputError(error.path().string(), error.error_number());
  }
}

}  // namespace

PartialFile::PartialFile(const std::filesystem::path& target)
    : replacement_(as_output_error([&] { return ReplacementFile(target); })) {}

void PartialFile::write(std::string_view bytes) {
  as_output_error([&] { replacement_.file().write(bytes); });
}

void PartialFile::sync() {
  as_output_error([&] { replacement_.file().sync(); });
}

void PartialFile::put_in_place() {
  as_output_error([&] { replacement_.put_in_place(); });
}

}  // namespace blip::app
