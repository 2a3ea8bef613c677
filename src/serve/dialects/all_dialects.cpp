// Which dialects there are, in the order in which they are asked.
#include "serve/dialects/dialect.hpp"

namespace blip::serve {

std::vector<Dialect> all_dialects() {
  return {native_dialect(), ollama_dialect(), openai_dialect(), photoprism_dialect(),
          llama_server_dialect()};
}

}  // namespace blip::serve
