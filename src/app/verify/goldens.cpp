#include "app/verify/goldens.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "checkpoint/model_directory.hpp"

namespace blip::app {
namespace {

constexpr std::string_view kBase = "Salesforce/blip-image-captioning-base";
constexpr std::string_view kLarge = "Salesforce/blip-image-captioning-large";
constexpr std::string_view kQuestions = "Salesforce/blip-vqa-base";
constexpr std::string_view kMatching = "Salesforce/blip-itm-base-coco";

// A woman and her dog on a beach, of BLIP's demonstrations.
constexpr GoldenPicture kBeach = {
    "demo.jpg", "https://huggingface.co/hf-internal-testing/blip-test-image/resolve/main/demo.jpg"};
// Two cats on a couch, of COCO.
constexpr GoldenPicture kCats = {"000000039769.jpg",
                                 "http://images.cocodataset.org/val2017/000000039769.jpg"};
constexpr GoldenPicture kPokemon = {
    "pokemon.png",
    "https://huggingface.co/datasets/sayakpaul/sample-datasets/resolve/main/pokemon.png"};
constexpr GoldenPicture kVolcano = {
    "ai2d-demo.jpg",
    "https://huggingface.co/datasets/huggingface/documentation-images/resolve/main/transformers/"
    "tasks/ai2d-demo.jpg"};
// Of blip's own examples.
constexpr GoldenPicture kCat = {"cat.jpg"};
constexpr GoldenPicture kSkateboarder = {"skateboarder.jpg"};
constexpr GoldenPicture kTable = {"table.jpg"};
constexpr GoldenPicture kStopSign = {"stop-sign.jpg"};

constexpr std::string_view kModelTest =
    "transformers, tests/models/blip/test_modeling_blip.py, BlipModelIntegrationTest";
constexpr std::string_view kPipelineTest =
    "transformers, tests/pipelines/test_pipelines_image_to_text.py";
constexpr std::string_view kTextPipelineTest =
    "transformers, tests/pipelines/test_pipelines_image_text_to_text.py";
constexpr std::string_view kDocstring = "transformers, docstrings of modeling_blip.py";
constexpr std::string_view kModelCard = "the model's card";
constexpr std::string_view kMeasured =
    "PyTorch on blip's example photos (tools/reference/hybrid_models.py)";
constexpr std::string_view kOurs = "blip itself when the model was made";

constexpr std::array kGoldens = {
    Golden{.model = kBase,
           .image = kBeach,
           .answer = "a woman sitting on the beach with her dog",
           .source = kModelTest},
    Golden{.model = kBase,
           .image = kBeach,
           .text = "a picture of",
           .answer = "a picture of a woman and her dog on the beach",
           .source = kModelTest},
    Golden{.model = kBase,
           .image = kBeach,
           .answer = "a woman sitting on the beach with a dog",
           .image_size = 500,
           .source = kModelTest},
    Golden{.model = kBase,
           .image = kBeach,
           .text = "a photography of",
           .answer = "a photography of a woman and her dog",
           .source = kModelCard},
    Golden{.model = kBase,
           .image = kPokemon,
           .answer = "a pink pokemon pokemon with a blue shirt and a blue shirt",
           .source = kPipelineTest},
    Golden{.model = kBase,
           .image = kVolcano,
           .text = "a photography of",
           .answer = "a photography of a volcano",
           .source = kTextPipelineTest},
    Golden{.model = kBase,
           .image = kCats,
           .answer = "two cats sleeping on a couch",
           .source = kDocstring},
    Golden{.model = kLarge,
           .image = kBeach,
           .answer = "a woman sitting on the beach with her dog",
           .source = kModelCard},
    Golden{.model = kLarge,
           .image = kBeach,
           .text = "a photography of",
           .answer = "a photography of a woman and her dog",
           .source = kModelCard},
    Golden{.model = kQuestions,
           .task = GoldenTask::answer,
           .image = kBeach,
           .text = "how many dogs are in the picture?",
           .answer = "1",
           .source = kModelTest},
    Golden{.model = kQuestions,
           .task = GoldenTask::answer,
           .image = kCats,
           .text = "How many cats are in the picture?",
           .answer = "2",
           .source = kDocstring},
    Golden{.model = kMatching,
           .task = GoldenTask::match,
           .image = kBeach,
           .text = "A woman and her dog sitting in a beach",
           .itm = 0.9971F,
           .itc = 0.5162F,
           .source = kModelTest},
    Golden{.model = kCaptioningModel,
           .image = kCat,
           .answer = "a close up of a cat",
           .source = kMeasured},
    Golden{.model = kCaptioningModel,
           .image = kCat,
           .answer = "there is a cat in the picture",
           .beams = 3,
           .source = kMeasured},
    Golden{.model = kCaptioningModel,
           .image = kSkateboarder,
           .answer = "a man is jumping on a skateboard",
           .source = kMeasured},
    Golden{.model = kCaptioningModel,
           .image = kSkateboarder,
           .answer = "a skateboarder does a trick on a ramp",
           .beams = 3,
           .source = kMeasured},
    Golden{.model = kCaptioningModel,
           .image = kTable,
           .answer = "a person and a table in the picture",
           .beams = 3,
           .source = kMeasured},
    Golden{.model = kQuestionModel,
           .task = GoldenTask::answer,
           .image = kTable,
           .text = "what is on the table?",
           .answer = "vase",
           .source = kOurs},
    Golden{.model = kQuestionModel,
           .task = GoldenTask::answer,
           .image = kCat,
           .text = "is there a cat in the picture?",
           .answer = "yes",
           .source = kOurs},
    Golden{.model = kClassificationModel,
           .task = GoldenTask::classify,
           .image = kStopSign,
           .answer = "street sign",
           .source = kOurs},
};

}  // namespace

std::vector<Golden> goldens_of(std::string_view model) {
  std::vector<Golden> goldens;
  std::copy_if(kGoldens.begin(), kGoldens.end(), std::back_inserter(goldens),
               [model](const Golden& golden) { return golden.model == model; });
  return goldens;
}

std::vector<std::string> golden_models() {
  std::vector<std::string> models;
  for (const Golden& golden : kGoldens) {
    if (std::find(models.begin(), models.end(), golden.model) == models.end()) {
      models.emplace_back(golden.model);
    }
  }
  return models;
}

}  // namespace blip::app
