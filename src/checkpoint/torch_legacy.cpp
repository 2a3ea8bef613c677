#include <algorithm>
#include <string_view>

#include "checkpoint/torch_file.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

// The number 0x1950A86A20F9469CFC6C as a pickle writes it (LONG1, 10 bytes): the first thing in a
// file, behind its protocol and, from protocol 4 on, a frame.
constexpr std::string_view kMagic = "\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19";
// The same in protocol 0 and 1.
constexpr std::string_view kMagicLine = "L119547037146038801333356L\n.";
constexpr std::int64_t kProtocolVersion = 1001;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What the third pickle says about the machine that wrote the file.
void require_little_endian(const TorchObjects& objects, const PickleValue& system,
                           ByteReader& reader) {
  const auto* const dict = std::get_if<PickleDict>(&system);
  if (dict == nullptr) reader.fail("has no description of the system that wrote it");
  for (const auto& [key, value] : objects.heap()[*dict]) {
    const auto* const name = std::get_if<std::string_view>(&key);
    const auto* const little = std::get_if<bool>(&value);
    if (name != nullptr && *name == "little_endian" && little != nullptr && !*little) {
      reader.fail("is big endian, which is not supported", ErrorCode::unsupported);
    }
  }
}

// Behind the pickles: u64 elements and the elements, for each key in turn.
void read_storages(TorchObjects& objects, const PickleValue& keys, ByteReader& reader) {
  const auto* const list = std::get_if<PickleList>(&keys);
  if (list == nullptr) reader.fail("has no list of its storages");
  for (const PickleValue& key : objects.heap()[*list]) {
    const auto* const text = std::get_if<std::string_view>(&key);
    TorchStorage* const storage = text == nullptr ? nullptr : objects.find_storage(*text);
    if (storage == nullptr || storage->found) {
      reader.fail("lists a storage twice, or one that no tensor uses");
    }
    const auto elements = reader.number<std::uint64_t>();
    if (elements != static_cast<std::uint64_t>(storage->elements)) {
      reader.fail("storage " + in_quotes(storage->key) + " has " + std::to_string(elements) +
                  " elements instead of " + std::to_string(storage->elements));
    }
    storage->bytes = reader.take(elements * size_of(storage->dtype));
    storage->found = true;
  }
  if (reader.left() != 0) {
    reader.fail("has " + std::to_string(reader.left()) + " bytes behind its last storage");
  }
}

void cut_views(TorchObjects& objects) {
  // A view's root was there before it, so it has its bytes already.
  for (const TorchObjects::StorageView& cut : objects.views()) {
    TorchStorage& view = objects.storages()[cut.view];
    const TorchStorage& root = objects.storages()[cut.root];
    const std::size_t element = size_of(root.dtype);
    if (!root.found || view.found) continue;
    view.bytes = root.bytes.subspan(static_cast<std::size_t>(cut.offset) * element,
                                    static_cast<std::size_t>(view.elements) * element);
    view.found = true;
  }
}

}  // namespace

bool is_torch_legacy(std::span<const std::byte> file) noexcept {
  constexpr std::size_t kMaxBefore = 2 + 9;  // PROTO, FRAME
  const std::string_view start =
      as_text(file.first(std::min(file.size(), kMaxBefore + kMagic.size())));
  if (as_text(file).starts_with(kMagicLine)) return true;
  return start.starts_with('\x80') && start.find(kMagic) != std::string_view::npos;
}

TorchFile parse_torch_legacy(std::span<const std::byte> file, const std::string& name) {
  ByteReader reader(file, name);
  TorchObjects objects(name);
  objects.run(reader);  // the magic number, which is_torch_legacy has seen
  const PickleValue version = objects.run(reader);
  const auto* const number = std::get_if<std::int64_t>(&version);
  if (number == nullptr || *number != kProtocolVersion) {
    reader.fail("is of an unknown version of torch.save's format", ErrorCode::unsupported);
  }
  require_little_endian(objects, objects.run(reader), reader);
  const PickleValue root = objects.run(reader);
  const PickleValue keys = objects.run(reader);
  read_storages(objects, keys, reader);
  cut_views(objects);
  for (const TorchStorage& storage : objects.storages()) {
    if (!storage.found) reader.fail("lacks the storage " + in_quotes(storage.key));
  }
  return collect_state_dict(objects, root, file.size(), name);
}

}  // namespace blip
