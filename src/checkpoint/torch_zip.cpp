#include <algorithm>
#include <string_view>

#include "checkpoint/torch_file.hpp"
#include "checkpoint/zip_directory.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

[[noreturn]] void refuse_archive(const std::string& name, const std::string& problem,
                                 ErrorCode code = ErrorCode::malformed) {
  throw Error(code, name + ": " + problem);
}

// "archive/": the directory inside the archive, whose name is the writer's choice.
std::string find_root(std::span<const ZipEntry> entries, const std::string& name) {
  constexpr std::string_view kPickle = "/data.pkl";
  std::string root;
  for (const ZipEntry& entry : entries) {
    const bool is_pickle =
        entry.name.ends_with(kPickle) && entry.name.find('/') == entry.name.size() - kPickle.size();
    if (!is_pickle) continue;
    if (!root.empty()) refuse_archive(name, "has several data.pkl, so what it holds is not clear");
    root = entry.name.substr(0, entry.name.find('/') + 1);
  }
  if (root.empty()) {
    refuse_archive(name, "is a zip archive without a data.pkl, so not written by torch.save");
  }
  return root;
}

void require_little_endian(std::span<const ZipEntry> entries, const std::string& root,
                           const std::string& name) {
  const ZipEntry* const order = find_entry(entries, root + "byteorder");
  if (order == nullptr)
    return;  // before 2.1, which wrote what its machine had: little, in practice
  const std::string_view text(reinterpret_cast<const char*>(order->bytes.data()),
                              order->bytes.size());
  if (text == "little") return;
  refuse_archive(name, "has byte order " + in_quotes(text) + ", only \"little\" is supported",
                 ErrorCode::unsupported);
}

}  // namespace

bool is_zip(std::span<const std::byte> file) noexcept {
  constexpr std::string_view kSignature = "PK\x03\x04";
  return file.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), file.begin(),
                    [](char left, std::byte right) { return std::byte(left) == right; });
}

TorchFile parse_torch_zip(std::span<const std::byte> file, const std::string& name) {
  const std::vector<ZipEntry> entries = read_zip_directory(file, name);
  const std::string root = find_root(entries, name);
  require_little_endian(entries, root, name);

  // Of a TorchScript program (torch.jit.save: OpenAI's CLIPs) the code is never looked at.
  const bool is_script = find_entry(entries, root + "constants.pkl") != nullptr;
  TorchObjects objects(name, is_script ? TorchArchive::script : TorchArchive::state_dict);
  ByteReader pickle(find_entry(entries, root + "data.pkl")->bytes, name + ": data.pkl");
  const PickleValue value = objects.run(pickle);
  for (TorchStorage& storage : objects.storages()) {
    const ZipEntry* const entry = find_entry(entries, root + "data/" + std::string(storage.key));
    if (entry == nullptr) refuse_archive(name, "lacks the storage " + in_quotes(storage.key));
    const auto wanted = static_cast<std::uint64_t>(storage.elements) * size_of(storage.dtype);
    if (entry->bytes.size() != wanted) {
      refuse_archive(name, "storage " + in_quotes(storage.key) + " has " +
                               std::to_string(entry->bytes.size()) + " bytes instead of " +
                               std::to_string(wanted));
    }
    storage.bytes = entry->bytes;
    storage.found = true;
  }
  return collect_state_dict(objects, value, file.size(), name);
}

}  // namespace blip
