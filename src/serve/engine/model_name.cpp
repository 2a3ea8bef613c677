#include "serve/engine/model_name.hpp"

namespace blip::serve {

std::string plain_model_name(std::string_view name) {
  constexpr std::string_view kLatest = ":latest";
  std::string plain(name);
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  if (plain.ends_with(kLatest)) plain.resize(plain.size() - kLatest.size());
  return plain;
}

}  // namespace blip::serve
