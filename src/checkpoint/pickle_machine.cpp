#include "checkpoint/pickle_machine.hpp"

#include <bit>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "checkpoint/pickle_text.hpp"

namespace blip {
namespace {

constexpr unsigned kNewestProtocol = 5;

class Machine {
 public:
  Machine(ByteReader& reader, PickleHeap& heap, const PickleHooks& hooks)
      : reader_(reader), heap_(heap), hooks_(hooks), begin_(reader.position()) {}

  PickleValue run() {
    while (true) {
      if (reader_.position() - begin_ > kMaxPickleBytes) {
        reader_.fail("a pickle of more than " + std::to_string(kMaxPickleBytes) + " bytes",
                     ErrorCode::limit_exceeded);
      }
      leave_frame();
      const auto code = reader_.number<std::uint8_t>();
      if (code == '.') {
        leave_frame();
        if (frame_end_ != 0) reader_.fail("a pickle ends within its frame");
        return pop();
      }
      if (!scalar(code) && !text(code) && !container(code) && !outside(code) && !memo(code)) {
        refuse(code);
      }
    }
  }

 private:
  // A frame only says how far Python may read at once; but an instruction that crosses its end is
  // one that Python reads as another.
  void leave_frame() {
    if (frame_end_ == 0 || reader_.position() < frame_end_) return;
    if (reader_.position() > frame_end_) reader_.fail("a pickle runs over the end of its frame");
    frame_end_ = 0;
  }

  // Numbers and constants.
  bool scalar(std::uint8_t code) {
    switch (code) {
      case 'N':
        return push(PickleNone{});
      case 0x88:  // NEWTRUE
        return push(true);
      case 0x89:  // NEWFALSE
        return push(false);
      case 'J':
        return push(std::int64_t{static_cast<std::int32_t>(reader_.number<std::uint32_t>())});
      case 'K':
        return push(std::int64_t{reader_.number<std::uint8_t>()});
      case 'M':
        return push(std::int64_t{reader_.number<std::uint16_t>()});
      case 'G': {
        const auto little = reader_.number<std::uint64_t>();  // stored big endian
        std::uint64_t bits = 0;
        for (unsigned i = 0; i < 8; ++i) bits = (bits << 8U) | ((little >> (8U * i)) & 0xFFU);
        return push(std::bit_cast<double>(bits));
      }
      case 0x8A:  // LONG1
        return push(long_integer(reader_.take_text(reader_.number<std::uint8_t>())));
      case 0x8B:  // LONG4
        return push(long_integer(reader_.take_text(reader_.number<std::uint32_t>())));
      case 'I':
      case 'L':
      case 'F':
        return push(required(parse_pickle_number(static_cast<char>(code), reader_.take_line()),
                             "something that is no number"));
      default:
        return false;
    }
  }

  // Text and bytes, by the size of their length.
  bool text(std::uint8_t code) {
    switch (code) {
      case 'X':
        return push_text(reader_.take_text(reader_.number<std::uint32_t>()));
      case 0x8C:
        return push_text(reader_.take_text(reader_.number<std::uint8_t>()));
      case 0x8D:
        return push_text(reader_.take_text(reader_.number<std::uint64_t>()));
      case 'U':  // Python 2's str, which is ASCII in whatever torch wrote
        return push_text(reader_.take_text(reader_.number<std::uint8_t>()));
      case 'T':
        return push_text(reader_.take_text(reader_.number<std::uint32_t>()));
      case 'V':
        return push(required(parse_pickle_line('V', reader_.take_line()), "text with escapes"));
      case 'S':
        return push(required(parse_pickle_line('S', reader_.take_line()), "text with escapes"));
      case 'C':
        reader_.take(reader_.number<std::uint8_t>());
        return push(PickleOpaque{});
      case 'B':
        reader_.take(reader_.number<std::uint32_t>());
        return push(PickleOpaque{});
      case 0x8E:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        reader_.take(reader_.number<std::uint64_t>());
        return push(PickleOpaque{});
      default:
        return false;
    }
  }

  bool container(std::uint8_t code) {
    switch (code) {
      case '(':
        if (marks_.size() == kMaxPickleDepth) {
          reader_.fail("a pickle nested deeper than " + std::to_string(kMaxPickleDepth) + " levels",
                       ErrorCode::limit_exceeded);
        }
        marks_.push_back(stack_.size());
        return true;
      case ')':
        return push(heap_.add_tuple({}));
      case 0x85:  // TUPLE1, 2, 3
      case 0x86:
      case 0x87:
        return push(heap_.add_tuple(pop_items(code - 0x84U)));
      case 't':
        return push(heap_.add_tuple(pop_to_mark()));
      case ']':
      case 0x8F:  // EMPTY_SET
        return push(heap_.add_list({}));
      case 'l':
      case 0x91:  // FROZENSET
        return push(heap_.add_list(pop_to_mark()));
      case '}':
        return push(heap_.add_dict({}));
      case 'd': {
        const PickleHeap::Items items = pop_to_mark();
        const PickleDict dict = heap_.add_dict({});
        set_items(dict, items);
        return push(dict);
      }
      case 'a':
        return append(pop_items(1));
      case 'e':
      case 0x90:  // ADDITEMS
        return append(pop_to_mark());
      case 's':
        return set_items(pop_items(2));
      case 'u':
        return set_items(pop_to_mark());
      case '0':
        if (stack_.size() == bottom() && !marks_.empty()) {
          marks_.pop_back();
        } else {
          pop();
        }
        return true;
      case '1':
        pop_to_mark();
        return true;
      default:
        return false;
    }
  }

  // The instructions that name, call or fetch something: the caller answers.
  bool outside(std::uint8_t code) {
    switch (code) {
      case 'c': {
        const std::string_view module = reader_.take_line();
        const std::string_view name = reader_.take_line();
        return push(hooks_.global(module, name));
      }
      case 0x93: {  // STACK_GLOBAL
        const PickleValue name = pop();
        const PickleValue module = pop();
        const auto* const name_text = std::get_if<std::string_view>(&name);
        const auto* const module_text = std::get_if<std::string_view>(&module);
        if (name_text == nullptr || module_text == nullptr) {
          reader_.fail("a pickle names a global by something other than text");
        }
        return push(hooks_.global(*module_text, *name_text));
      }
      case 'R': {
        const PickleValue arguments = pop();
        const PickleValue callable = pop();
        const auto* const tuple = std::get_if<PickleTuple>(&arguments);
        if (tuple == nullptr) reader_.fail("a pickle calls with arguments that are no tuple");
        return push(hooks_.call(callable, *tuple));
      }
      case 'Q':
        return push(hooks_.persistent(pop()));
      case 0x81: {  // NEWOBJ
        if (!hooks_.make) return false;
        const PickleValue arguments = pop();
        if (!std::holds_alternative<PickleTuple>(arguments)) {
          reader_.fail("a pickle makes an object with arguments that are no tuple");
        }
        return push(hooks_.make(pop()));
      }
      case 'b': {
        // Attributes beside a state dict's entries (its _metadata, which says nothing here); of
        // anything else they could not be left out.
        const PickleValue state = pop();
        if (const auto* const object = std::get_if<PickleObject>(&top()); object && hooks_.build) {
          hooks_.build(*object, state);
          return true;
        }
        if (!std::holds_alternative<PickleDict>(top()) ||
            !std::holds_alternative<PickleDict>(state)) {
          reader_.fail("a pickle sets the state of something other than a dict",
                       ErrorCode::unsupported);
        }
        return true;
      }
      default:
        return false;
    }
  }

  bool memo(std::uint8_t code) {
    switch (code) {
      case 0x80:  // PROTO
        if (const unsigned protocol = reader_.number<std::uint8_t>(); protocol > kNewestProtocol) {
          reader_.fail("a pickle of protocol " + std::to_string(protocol) +
                           ", newer than the newest known, 5",
                       ErrorCode::unsupported);
        }
        return true;
      case 0x95: {  // FRAME
        if (frame_end_ != 0) reader_.fail("a pickle has a frame within a frame");
        const auto size = reader_.number<std::uint64_t>();
        if (size > reader_.left()) {
          reader_.fail("a pickle's frame reaches beyond the end (is the file truncated?)");
        }
        frame_end_ = reader_.position() + size;
        return true;
      }
      case 'q':
        return remember(reader_.number<std::uint8_t>());
      case 'r':
        return remember(reader_.number<std::uint32_t>());
      case 'p':
        return remember(memo_index());
      case 0x94:  // MEMOIZE
        return remember(memo_.size());
      case 'h':
        return recall(reader_.number<std::uint8_t>());
      case 'j':
        return recall(reader_.number<std::uint32_t>());
      case 'g':
        return recall(memo_index());
      default:
        return false;
    }
  }

  [[noreturn]] void refuse(std::uint8_t code) const {
    constexpr std::string_view kHex = "0123456789abcdef";
    const std::string name = {'0', 'x', kHex[code >> 4U], kHex[code & 15U]};
    // INST, OBJ, NEWOBJ, NEWOBJ_EX and the EXTs make objects by calling classes.
    const std::string_view calls = "io\x81\x92\x82\x83\x84";
    if (calls.find(static_cast<char>(code)) != std::string_view::npos) {
      reader_.fail("a pickle makes an object of a class (instruction " + name +
                       "), which is not allowed: nothing in a checkpoint is executed",
                   ErrorCode::unsupported);
    }
    reader_.fail("the pickle instruction " + name + " at byte " +
                     std::to_string(reader_.position() - 1) + " is unknown or of no use here",
                 ErrorCode::unsupported);
  }

  // Always true, so that an instruction can end with it.
  bool push(PickleValue value) {
    if (++pushed_ > kMaxPickleValues) {
      reader_.fail("a pickle of more than " + std::to_string(kMaxPickleValues) + " values",
                   ErrorCode::limit_exceeded);
    }
    stack_.push_back(value);
    return true;
  }

  bool push_text(std::string_view value) {
    if (!is_utf8(value)) reader_.fail("a pickle holds text that is not UTF-8");
    return push(value);
  }

  template <typename T>
  T required(std::optional<T> value, const char* what) const {
    if (!value) reader_.fail(std::string("a pickle holds ") + what, ErrorCode::unsupported);
    return *value;
  }

  // Values below the last mark are out of reach.
  [[nodiscard]] std::size_t bottom() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleValue& top() {
    if (stack_.size() == bottom()) reader_.fail("a pickle takes from an empty stack");
    return stack_.back();
  }

  PickleValue pop() {
    const PickleValue value = top();
    stack_.pop_back();
    return value;
  }

  PickleHeap::Items pop_items(std::size_t count) {
    if (stack_.size() - bottom() < count) reader_.fail("a pickle takes from an empty stack");
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    PickleHeap::Items items(first, stack_.end());
    stack_.erase(first, stack_.end());
    return items;
  }

  PickleHeap::Items pop_to_mark() {
    if (marks_.empty()) reader_.fail("a pickle has lost its mark");
    PickleHeap::Items items = pop_items(stack_.size() - bottom());
    marks_.pop_back();
    return items;
  }

  bool append(const PickleHeap::Items& items) {
    const auto* const list = std::get_if<PickleList>(&top());
    if (list == nullptr) reader_.fail("a pickle appends to something other than a list");
    PickleHeap::Items& target = heap_[*list];
    target.insert(target.end(), items.begin(), items.end());
    return true;
  }

  bool set_items(const PickleHeap::Items& items) {
    const auto* const dict = std::get_if<PickleDict>(&top());
    if (dict == nullptr) reader_.fail("a pickle sets an entry of something other than a dict");
    set_items(*dict, items);
    return true;
  }

  void set_items(PickleDict dict, const PickleHeap::Items& items) {
    if (items.size() % 2 != 0) reader_.fail("a pickle sets a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) {
      if (std::holds_alternative<PickleList>(items[i]) ||
          std::holds_alternative<PickleDict>(items[i])) {
        reader_.fail("a pickle uses a list or dict as a key");
      }
      heap_[dict].emplace_back(items[i], items[i + 1]);
    }
  }

  std::uint64_t memo_index() {
    const auto value = parse_pickle_number('I', reader_.take_line());
    const auto* const index = value ? std::get_if<std::int64_t>(&*value) : nullptr;
    if (index == nullptr || *index < 0) reader_.fail("a pickle's memo has no such place");
    return static_cast<std::uint64_t>(*index);
  }

  bool remember(std::uint64_t index) {
    if (memo_.size() >= kMaxPickleMemo) {
      reader_.fail("a pickle remembers more than " + std::to_string(kMaxPickleMemo) + " values",
                   ErrorCode::limit_exceeded);
    }
    memo_.insert_or_assign(index, top());
    return true;
  }

  bool recall(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) {
      reader_.fail("a pickle recalls value " + std::to_string(index) + ", which it never had");
    }
    return push(found->second);
  }

  ByteReader& reader_;
  PickleHeap& heap_;
  const PickleHooks& hooks_;
  std::size_t begin_;
  std::size_t frame_end_ = 0;  // 0: not in one
  std::size_t pushed_ = 0;
  PickleHeap::Items stack_;
  std::vector<std::size_t> marks_;  // heights of stack_
  std::unordered_map<std::uint64_t, PickleValue> memo_;
};

}  // namespace

PickleValue run_pickle(ByteReader& reader, PickleHeap& heap, const PickleHooks& hooks) {
  return Machine(reader, heap, hooks).run();
}

}  // namespace blip
