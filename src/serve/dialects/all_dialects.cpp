// The families, in the order in which they are asked. It matters where they share a path:
//   GET /            Ollama ("Ollama is running"), then Immich; a browser is shown the page
//   GET /health      llama-server, then LibrePhotos
//   /embed…          llama-server's /embeddings, then TEI's /embed
//   POST /predict    Immich if it is a form, TEI if it is JSON
//   POST /           Hugging Face
#include "serve/dialects/dialect.hpp"

namespace blip::serve {

std::vector<Dialect> all_dialects() {
  return {native_dialect(),      ollama_dialect(),      openai_dialect(),
          photoprism_dialect(),  kserve_dialect(),      llama_server_dialect(),
          immich_dialect(),      tei_dialect(),         automatic1111_dialect(),
          librephotos_dialect(), hugging_face_dialect()};
}

}  // namespace blip::serve
