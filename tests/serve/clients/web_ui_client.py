"""PyPI's webuiapi (AUTOMATIC1111), and SillyTavern's and KoboldCpp's requests."""
import requests
import webuiapi
from PIL import Image

from expect import PHOTOS, base64_photo, base_url, done, expect_equal, native_caption

BASE = base_url()
# The web interface's own settings.
wanted = native_caption(BASE, num_beams=1, min_length=24, max_length=48)
image = Image.open(PHOTOS / "cat.jpg")
png_free = requests.post(BASE + "/sdapi/v1/interrogate",
                         json={"image": base64_photo(), "model": "clip"}, timeout=120)
expect_equal(png_free.json(), {"caption": wanted}, "interrogate")
# webuiapi sends the same pixels as PNG.
api = webuiapi.WebUIApi(baseurl=BASE + "/sdapi/v1")
expect_equal(api.interrogate(image).info, wanted, "webuiapi's interrogate")
missing = requests.post(BASE + "/sdapi/v1/interrogate",
                        json={"image": base64_photo(), "model": "no-such-model"}, timeout=60)
expect_equal((missing.status_code, missing.json()), (404, {"detail": "Model not found"}),
             "an unknown model")

caption = native_caption(BASE)
answer = requests.post(BASE + "/api/caption", json={"image": base64_photo()}, timeout=120)
expect_equal(answer.json(), {"caption": caption}, "SillyTavern's caption")
expect_equal(requests.get(BASE + "/api/modules", timeout=10).json(), {"modules": ["caption"]},
             "SillyTavern's modules")
answer = requests.post(BASE + "/api/v1/generate",
                       json={"prompt": "### Instruction:\nDescribe the image.\n### Response:\n",
                             "images": [base64_photo()], "max_length": 200}, timeout=120)
expect_equal(answer.json(), {"results": [{"text": caption}]}, "KoboldCpp's generate")
done()
