/* Says how well texts fit a photo, in C: match MODEL PHOTO TEXT... */
#include <blip.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("usage: match MODEL PHOTO TEXT...\n", stderr);
    return 2;
  }
  const char* const* texts = (const char* const*)(argv + 3);
  const size_t num_texts = (size_t)argc - 3;
  blip_match_result* results = malloc(num_texts * sizeof *results);
  if (results == NULL) return 1;

  blip_error* error = NULL;
  blip_model* model = NULL;
  blip_context* context = NULL;
  blip_image* image = NULL;
  blip_encoded_image* encoded = NULL;

  const int done =
      blip_model_open(argv[1], NULL, &model, &error) == BLIP_OK &&
      blip_context_new(NULL, &context, &error) == BLIP_OK &&
      blip_image_open(argv[2], NULL, &image, &error) == BLIP_OK &&
      blip_encode_image(model, image, context, &encoded, &error) == BLIP_OK &&
      blip_match(model, encoded, texts, num_texts, context, results, &error) == BLIP_OK;
  if (!done) fprintf(stderr, "%s\n", blip_error_message(error));
  for (size_t i = 0; done && i < num_texts; ++i) {
    if (isnan(results[i].itm)) {
      printf("     -  %7.4f  %s\n", results[i].itc, texts[i]);
    } else {
      printf("%6.4f  %7.4f  %s\n", results[i].itm, results[i].itc, texts[i]);
    }
  }

  blip_encoded_image_free(encoded);
  blip_image_free(image);
  blip_context_free(context);
  blip_model_free(model);
  blip_error_free(error);
  free(results);
  return done ? 0 : 1;
}
