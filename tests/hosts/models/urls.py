from catalogue.views import product_page
from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("products/<int:pk>/", product_page, name="product"),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
